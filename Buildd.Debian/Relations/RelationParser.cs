using Buildd.Debian.Versions;

namespace Buildd.Debian.Relations;

/// <summary>Reads one field of relations from its beginning to its end.</summary>
internal sealed class RelationParser(string text)
{
    private int _position;

    private char Current => _position < text.Length ? text[_position] : '\0';

    public IReadOnlyList<RelationGroup> Parse()
    {
        if (text.Length > RelationLimits.MaxLength)
            throw Mistake($"the field is longer than {RelationLimits.MaxLength} characters");
        var groups = new List<RelationGroup>();
        for (var places = 1; ; places++)
        {
            if (places > RelationLimits.MaxGroups)
                throw Mistake($"there are more than {RelationLimits.MaxGroups} relations");
            SkipBlanks();
            if (Current != ',' && _position < text.Length)
                groups.Add(ParseGroup());
            if (_position == text.Length)
                return groups;
            Expect(',', "a comma or the end is expected");
        }
    }

    private RelationGroup ParseGroup()
    {
        var alternatives = new List<Relation> { ParseRelation() };
        while (TryTake('|'))
        {
            if (alternatives.Count == RelationLimits.MaxAlternatives)
                throw Mistake($"there are more than {RelationLimits.MaxAlternatives} alternatives");
            alternatives.Add(ParseRelation());
        }

        return new RelationGroup(alternatives);
    }

    private Relation ParseRelation()
    {
        SkipBlanks();
        var name = TakeName("a package", c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
        string? qualifier = null;
        if (Current == ':')
        {
            _position++;
            qualifier = TakeName("an architecture", IsInArchitecture);
        }

        SkipBlanks();
        var version = TryTake('(') ? ParseVersion() : null;
        var architectures = TryTake('[') ? ParseTerms(']', "an architecture", IsInArchitecture) : [];
        var profiles = new List<IReadOnlyList<RelationTerm>>();
        while (TryTake('<'))
        {
            if (profiles.Count == RelationLimits.MaxTerms)
                throw Mistake($"there are more than {RelationLimits.MaxTerms} lists of build profiles");
            profiles.Add(ParseTerms('>', "a build profile", c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.'));
        }

        return new Relation { Name = name, Qualifier = qualifier, Version = version, Architectures = architectures, Profiles = profiles };
    }

    private VersionRestriction ParseVersion()
    {
        SkipBlanks();
        var start = _position;
        while (Current is '<' or '=' or '>')
            _position++;
        var comparison = VersionRestriction.Read(text.AsSpan(start, _position - start))
            ?? throw Mistake("<<, <=, =, >= or >> is expected", start);
        SkipBlanks();
        start = _position;
        while (_position < text.Length && Current != ')' && !IsBlank(Current))
            _position++;
        var version = text[start.._position];
        SkipBlanks();
        Expect(')', "a closing bracket is expected");
        try
        {
            return new VersionRestriction(comparison, DebianVersion.Parse(version));
        }
        catch (VersionFormatException e)
        {
            throw Mistake($"the version is none: {e.Mistake}", start);
        }
    }

    private List<RelationTerm> ParseTerms(char end, string what, Func<char, bool> isPart)
    {
        var terms = new List<RelationTerm>();
        for (SkipBlanks(); Current != end; SkipBlanks())
        {
            if (terms.Count == RelationLimits.MaxTerms)
                throw Mistake($"there are more than {RelationLimits.MaxTerms} names in brackets");
            var isNegated = Current == '!';
            if (isNegated)
                _position++;
            terms.Add(new RelationTerm(TakeName(what, isPart), isNegated));
            if (_position < text.Length && Current != end && !IsBlank(Current))
                throw Mistake("a blank or a closing bracket is expected");
        }

        if (terms.Count == 0)
            throw Mistake("the brackets are empty");
        Expect(end, "a closing bracket is expected");
        return terms;
    }

    private string TakeName(string what, Func<char, bool> isPart)
    {
        var start = _position;
        if (!char.IsAsciiLetterOrDigit(Current))
            throw Mistake($"the name of {what} is expected");
        while (isPart(Current))
            _position++;
        return _position - start > RelationLimits.MaxNameLength
            ? throw Mistake($"the name of {what} is longer than {RelationLimits.MaxNameLength} characters", start)
            : text[start.._position];
    }

    private void SkipBlanks()
    {
        while (IsBlank(Current))
            _position++;
    }

    /// <summary>Takes a character and the blanks behind it, if it comes next.</summary>
    private bool TryTake(char expected)
    {
        SkipBlanks();
        if (Current != expected)
            return false;
        _position++;
        SkipBlanks();
        return true;
    }

    private void Expect(char expected, string otherwise)
    {
        if (!TryTake(expected))
            throw Mistake(otherwise);
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r' or '\v' or '\f';

    private static bool IsInArchitecture(char c) => char.IsAsciiLetterOrDigit(c) || c is '-';

    private RelationException Mistake(string mistake, int? position = null) => new(text[(position ?? _position)..], mistake);
}
