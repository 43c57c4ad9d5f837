namespace Buildd.Protocol.Client;

/// <summary>A connection that delivers the rest of a file.</summary>
/// <param name="response">What it came with; disposed of with the part.</param>
/// <param name="content">The bytes from where the part begins.</param>
/// <param name="totalLength">The length of the whole file.</param>
internal sealed class FilePart(HttpResponseMessage response, Stream content, long totalLength) : IDisposable
{
    /// <summary>The bytes from where the part begins.</summary>
    public Stream Content => content;

    /// <summary>The length of the whole file.</summary>
    public long TotalLength => totalLength;

    /// <summary>Closes the connection, unless all has been read: then it may be used again.</summary>
    public void Dispose() => response.Dispose();
}
