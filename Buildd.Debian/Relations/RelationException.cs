using Buildd.Linux.Files;
namespace Buildd.Debian.Relations;

/// <summary>A list of relations between packages that can't be read; the message shows where.</summary>
/// <param name="place">The text from where the mistake is, or the whole of a short one.</param>
/// <param name="mistake">The mistake, in a few words.</param>
public sealed class RelationException(string place, string mistake)
    : DebianException($"In the relations at {FileName.Display(place)}: {mistake}.")
{
    /// <summary>The mistake, in a few words.</summary>
    public string Mistake { get; } = mistake;
}
