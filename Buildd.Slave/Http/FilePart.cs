using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Buildd.Slave.Http;

/// <summary>A part of a file in bytes, never empty.</summary>
internal readonly record struct FilePart(long Offset, long Count)
{
    /// <summary>How many parts one answer holds at most. Ours: clients ask for one, and each costs a read of its own.</summary>
    internal const int MaxParts = 16;

    private const string Unit = "bytes";

    /// <summary>The part as <c>Content-Range</c> spells it.</summary>
    internal string Spell(long length) => $"{Unit} {Offset}-{Offset + Count - 1}/{length}";

    /// <summary><c>Content-Range</c> where there is no such part.</summary>
    internal static string SpellNone(long length) => $"{Unit} */{length}";

    /// <summary>Which parts of a file a request asks for (RFC 9110 section 14.2).</summary>
    /// <returns>
    /// Null for the whole file: no range, one that can't be read, another unit, too many parts, or parts that are
    /// more than the file in all. Empty when the file has none of the parts.
    /// </returns>
    internal static IReadOnlyList<FilePart>? Select(HttpRequest request, long length, out bool several)
    {
        several = false;
        if (request.GetTypedHeaders().Range is not { } range || !range.Unit.Equals(Unit, StringComparison.OrdinalIgnoreCase))
            return null;

        several = range.Ranges.Count > 1;
        if (range.Ranges.Count > MaxParts)
            return null;

        FilePart[] parts = [.. range.Ranges.Select(item => Satisfy(item, length)).OfType<FilePart>()];
        return several && parts.Sum(part => (decimal)part.Count) > length ? null : parts;
    }

    private static FilePart? Satisfy(RangeItemHeaderValue range, long length) => range switch
    {
        { From: { } from, To: var to } when from < length => new(from, Math.Min(to ?? long.MaxValue - 1, length - 1) - from + 1),
        // Differs: a suffix that is longer than the file is the whole file; the reference answers 500.
        { From: null, To: > 0 and var suffix } when length > 0 => new(Math.Max(0, length - suffix), Math.Min(suffix, length)),
        _ => null,
    };
}
