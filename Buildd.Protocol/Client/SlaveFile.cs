namespace Buildd.Protocol.Client;

/// <summary>A file of a slave's cache that is being read. For one reader at a time.</summary>
/// <param name="totalLength">See <see cref="TotalLength"/>.</param>
/// <param name="offset">See <see cref="Offset"/>.</param>
/// <param name="content">See <see cref="Content"/>; disposed of with the file.</param>
public sealed class SlaveFile(long totalLength, long offset, Stream content) : IAsyncDisposable
{
    /// <summary>
    /// Length of the whole file in bytes, whatever the offset. A log that is being written: its length at the moment
    /// of the request.
    /// </summary>
    public long TotalLength { get; } = totalLength;

    /// <summary>Where in the file the content begins, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>
    /// The bytes from the offset to the end: exactly <see cref="TotalLength"/> minus <see cref="Offset"/>. Goes on by
    /// itself where the connection broke, up to <see cref="SlaveClientOptions.DownloadAttempts"/> connections; then
    /// reading throws a <see cref="SlaveException"/>. Reads are asynchronous only.
    /// </summary>
    public Stream Content { get; } = content;

    /// <summary>Closes the connection.</summary>
    /// <returns>When it is closed.</returns>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
