using System.Text;
using Buildd.Backends.Commands;
using Buildd.Debian;
using Buildd.Debian.Relations;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// Reads what sbuild writes, as it comes, and keeps what tells why it gave a package back: protocol section 12.1. What it
/// holds does not grow with the log. For one thread at a time.
/// </summary>
internal sealed class SbuildLogScan
{
    /// <summary>How far from the end sbuild's summary is looked for; the reference's figure.</summary>
    internal const int SummaryBytes = 4096;

    /// <summary>How many relations are kept that apt names; it names each once, and more is no list for people any more.</summary>
    internal const int MaxNamed = 1000;

    /// <summary>How much of a line is looked at; apt's lines have a name, a version and a sentence.</summary>
    internal const int MaxLineBytes = 4096;

    /// <summary>What sbuild calls the packages by which it has apt install the dependencies.</summary>
    internal const string DummyPrefix = "sbuild-build-depends-";

    private const string Depends = " Depends: ";

    private readonly LineSplitter _lines;
    private readonly List<string> _named = [];
    private long _bytes;
    private long _failStageAt = -1;
    private bool _hasBegun; // the package's own build, which may write what it likes
    private bool _isInList;
    private string _alternatives = ""; // of a relation that goes on in the next line

    internal SbuildLogScan() => _lines = new LineSplitter(MaxLineBytes, Look);

    /// <summary>Whether apt refused packages because nobody has signed for them: another try may find the archive in order.</summary>
    internal bool HasUnauthenticatedPackages { get; private set; }

    /// <summary>Whether it was the installing of build dependencies that failed, by sbuild's summary.</summary>
    internal bool FailedToInstallDependencies => _failStageAt >= 0 && _bytes - _failStageAt <= SummaryBytes;

    /// <summary>
    /// The relations that apt calls unmet, of whatever package, without <c>or</c>: which of them are really missing is not for
    /// apt's wording to tell.
    /// </summary>
    internal IReadOnlyList<RelationGroup> Named => [.. _named.SelectMany(Read)];

    /// <summary>Takes a piece of the output.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        // Line by line, so that it is known where the one ends that is looked at.
        for (; bytes.IndexOf((byte)'\n') is >= 0 and var length; bytes = bytes[(length + 1)..])
        {
            _bytes += length + 1;
            _lines.Write(bytes[..(length + 1)]);
        }

        _bytes += bytes.Length;
        _lines.Write(bytes);
    }

    /// <summary>There is no more.</summary>
    internal void Complete() => _lines.Complete();

    private void Look(ReadOnlySpan<byte> line, bool isCut)
    {
        if (line.SequenceEqual("Fail-Stage: install-deps"u8) && !isCut)
            _failStageAt = _bytes - line.Length - 1;
        if (_hasBegun)
            return;

        if (line.StartsWith("Toolchain package versions:"u8))
            _hasBegun = true;
        else if (line.StartsWith("E: There are problems and -y was used without --force-yes"u8))
            HasUnauthenticatedPackages = true;
        else if (line.EndsWith("The following packages have unmet dependencies:"u8))
            _isInList = true;
        else if (_isInList && !isCut && _named.Count < MaxNamed && (_alternatives.Length > 0 || line.IndexOf(" Depends: "u8) >= 0))
            LookForRelation(Encoding.UTF8.GetString(line));
    }

    /// <summary>
    /// A line such as <c> NAME : Depends: RELATION but it is not installable</c>; one that ends in <c> or</c> goes on in the
    /// next, which has only the relation and the reason.
    /// </summary>
    private void LookForRelation(string line)
    {
        var start = line.LastIndexOf(Depends, StringComparison.Ordinal);
        var isFirst = start >= 0;
        var end = line.IndexOf(" but ", isFirst ? start + Depends.Length : 0, StringComparison.Ordinal);
        if (end < 0)
        {
            _alternatives = "";
            return;
        }

        var relation = isFirst ? line[(start + Depends.Length)..end] : line[..end];
        _alternatives = isFirst ? relation : $"{_alternatives} | {relation}";
        if (line.EndsWith(" or", StringComparison.Ordinal) && _alternatives.Length < MaxLineBytes)
            return;
        _named.Add(_alternatives);
        _alternatives = "";
    }

    /// <summary>What can't be read is no relation, whatever it is: sbuild's log holds other programs' output too.</summary>
    private static IReadOnlyList<RelationGroup> Read(string text)
    {
        try
        {
            return [.. RelationGroup.ParseList(text)
                .Where(group => group.Alternatives.All(relation => !relation.Name.StartsWith(DummyPrefix, StringComparison.Ordinal)))];
        }
        catch (DebianException)
        {
            return [];
        }
    }
}
