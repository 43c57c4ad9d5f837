using System.Text;
using Buildd.Backends.Commands;
using Buildd.Debian;
using Buildd.Debian.Relations;
using Buildd.Debian.Versions;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// Reads the <c>Packages</c> indexes of archives, one behind the other, and tells a matcher what is in them. They have 50 MB
/// and more, and hardly anything of them is wanted: nothing is kept but the paragraph that is being read. For one thread at a time.
/// </summary>
internal sealed class PackageIndexReader
{
    /// <summary>
    /// 1 MiB in one line. The longest lines of Debian's archive, Provides of Rust's packages, have some ten thousand characters.
    /// </summary>
    internal const int MaxLineBytes = 1024 * 1024;

    private readonly RelationMatcher _matcher;
    private readonly LineSplitter _lines;
    private readonly char[] _name = new char[RelationLimits.MaxNameLength];
    private readonly char[] _version = new char[DebianVersion.MaxLength];
    private int _nameLength;
    private int _versionLength;
    private bool _isInProvides;

    internal PackageIndexReader(RelationMatcher matcher)
    {
        _matcher = matcher;
        _lines = new LineSplitter(MaxLineBytes, Look);
    }

    /// <summary>How many packages there were, those aside that sbuild makes itself.</summary>
    internal long Packages { get; private set; }

    /// <summary>Takes a piece of an index.</summary>
    /// <exception cref="IOException">A line that matters is longer than <see cref="MaxLineBytes"/>.</exception>
    internal void Write(ReadOnlySpan<byte> bytes) => _lines.Write(bytes);

    /// <summary>An index has ended; another may follow.</summary>
    internal void Complete()
    {
        _lines.Complete();
        EndParagraph();
    }

    private void Look(ReadOnlySpan<byte> line, bool isCut)
    {
        if (line.IsEmpty)
        {
            EndParagraph();
        }
        else if (line[0] is (byte)' ' or (byte)'\t')
        {
            if (_isInProvides)
                LookAtProvides(line, isCut);
        }
        else
        {
            _isInProvides = false;
            if (TryTake("Package"u8, line, out var value))
            {
                EndParagraph(); // also where an index does not end in an empty line
                _nameLength = Take(value, isCut, _name);
            }
            else if (TryTake("Version"u8, line, out value))
            {
                _versionLength = Take(value, isCut, _version);
            }
            else if (TryTake("Provides"u8, line, out value))
            {
                _isInProvides = true;
                LookAtProvides(value, isCut);
            }
        }
    }

    private void EndParagraph()
    {
        var name = _name.AsSpan(0, _nameLength);
        if (!name.IsEmpty && !name.StartsWith(SbuildLogScan.DummyPrefix))
        {
            Packages++;
            if (_matcher.Wants(name))
                _matcher.AddPackage(name, DebianVersion.TryParse(_version.AsSpan(0, _versionLength).ToString()));
        }

        (_nameLength, _versionLength, _isInProvides) = (0, 0, false);
    }

    private void LookAtProvides(ReadOnlySpan<byte> text, bool isCut)
    {
        if (isCut)
            throw new IOException($"a list of what a package provides is longer than {MaxLineBytes} bytes");
        Span<char> name = stackalloc char[RelationLimits.MaxNameLength];
        foreach (var range in text.Split((byte)','))
        {
            var provided = text[range].Trim(" \t"u8);
            var length = provided.IndexOfAny(" \t(:"u8);
            length = Take(length < 0 ? provided : provided[..length], isCut: false, name);
            if (length > 0 && _matcher.Wants(name[..length]))
                AddProvided(Encoding.Latin1.GetString(provided));
        }
    }

    private void AddProvided(string text)
    {
        try
        {
            foreach (var relation in RelationGroup.ParseList(text).SelectMany(group => group.Alternatives))
                _matcher.AddProvided(relation);
        }
        catch (DebianException)
        {
            // Provides nothing that apt could read either: one broken package does not make the index useless.
        }
    }

    /// <summary>Names of fields have no case, and blanks may stand before their colon.</summary>
    private static bool TryTake(ReadOnlySpan<byte> field, ReadOnlySpan<byte> line, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (line.Length <= field.Length || !Ascii.EqualsIgnoreCase(line[..field.Length], field)
            || line[field.Length..].TrimStart(" \t"u8) is not [(byte)':', .. var rest])
            return false;
        value = rest.Trim(" \t\r"u8);
        return true;
    }

    /// <summary>Copies a value; one that is longer than it may be is left out, and so nothing that anybody wants.</summary>
    private static int Take(ReadOnlySpan<byte> value, bool isCut, Span<char> target) =>
        isCut || value.Length > target.Length ? 0 : Encoding.Latin1.GetChars(value, target);
}
