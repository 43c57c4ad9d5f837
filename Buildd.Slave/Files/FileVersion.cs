using System.Net.Http.Headers;

namespace Buildd.Slave.Files;

/// <summary>
/// Which state of which file a server is sending, so that it can be asked for the rest of just that (RFC 9110, sections 13.1.5 and 14).
/// </summary>
internal sealed class FileVersion
{
    private readonly EntityTagHeaderValue? _tag;
    private readonly DateTimeOffset? _lastModified;
    private readonly long _length;

    private FileVersion(HttpResponseMessage response, long length)
    {
        _tag = response.Headers.ETag is { IsWeak: false } tag ? tag : null;
        _lastModified = response.Content.Headers.LastModified;
        _length = length;
    }

    /// <summary>The condition under which a server may answer with a part.</summary>
    internal RangeConditionHeaderValue Condition =>
        _tag is not null ? new RangeConditionHeaderValue(_tag) : new RangeConditionHeaderValue(_lastModified!.Value);

    /// <summary>What a whole answer says; null when its server can't be asked for a part, or not for a part of the same file.</summary>
    internal static FileVersion? Of(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentLength is not { } length || response.Headers.AcceptRanges.Contains("none"))
            return null;
        var version = new FileVersion(response, length);
        return version._tag is null && version._lastModified is null ? null : version;
    }

    /// <summary>Whether an answer is the rest of the same file, beginning where we are.</summary>
    internal bool IsContinuedBy(HttpResponseMessage response, long offset) =>
        response.Content.Headers.ContentRange is { Unit: "bytes" } range
        && range.From == offset && range.To == _length - 1 && range.Length == _length
        && (_tag is not null ? _tag.Equals(response.Headers.ETag) : _lastModified == response.Content.Headers.LastModified);
}
