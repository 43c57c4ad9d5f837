using System.Net.Http.Headers;
using Buildd.Protocol.Client;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>A file of 100 bytes, and the ways in which a server sends it.</summary>
internal static class SampleFile
{
    public static byte[] Whole { get; } = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    public static ByteArrayContent All() => new(Whole);

    /// <summary>Says that it is the whole file, whatever comes.</summary>
    public static StreamContent Declared(Stream stream)
    {
        var content = new StreamContent(stream);
        content.Headers.ContentLength = Whole.Length;
        return content;
    }

    public static StreamContent From(
        int offset, FlakyStream.End end = FlakyStream.End.Close, int? stopAt = null, int length = 100)
    {
        var content = new StreamContent(new FlakyStream(Whole.AsMemory(offset..(stopAt ?? 100)), end));
        content.Headers.ContentRange = new ContentRangeHeaderValue(offset, length - 1, length);
        return content;
    }

    public static ByteArrayContent Unsatisfiable(int length)
    {
        var content = new ByteArrayContent([]);
        content.Headers.ContentRange = new ContentRangeHeaderValue(length);
        return content;
    }

    public static async Task<byte[]> ReadAsync(SlaveFile file)
    {
        using var result = new MemoryStream();
        await file.Content.CopyToAsync(result);
        return result.ToArray();
    }
}
