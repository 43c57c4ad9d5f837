namespace Buildd.Backends.Environments;

/// <summary>
/// Tells how a tarball is compressed: tar itself can do that only with a file that it opens, not with what it reads from a pipe.
/// </summary>
internal static class TarCompression
{
    private static readonly (byte[] Start, string Option)[] Known =
    [
        ([0x1F, 0x8B], "--gzip"),
        ([0x1F, 0x9D], "--uncompress"),
        ("BZh"u8.ToArray(), "--bzip2"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "--xz"),
        ([0x28, 0xB5, 0x2F, 0xFD], "--zstd"),
        ("LZIP"u8.ToArray(), "--lzip"),
        ([0x89, 0x4C, 0x5A, 0x4F], "--lzop"),
        ([0x5D, 0x00, 0x00], "--lzma"),
    ];

    /// <summary>The option for a file; none where it is not compressed, or is no tarball at all, which tar then says.</summary>
    internal static async Task<IReadOnlyList<string>> FindAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = new byte[Known.Max(known => known.Start.Length)];
        var file = File.OpenRead(path);
        await using var closing = file.ConfigureAwait(false);
        var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return Find(buffer.AsSpan(0, length));
    }

    internal static IReadOnlyList<string> Find(ReadOnlySpan<byte> start)
    {
        foreach (var (known, option) in Known)
        {
            if (start.StartsWith(known))
                return [option];
        }

        return [];
    }
}
