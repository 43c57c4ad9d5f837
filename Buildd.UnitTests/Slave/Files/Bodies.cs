using System.Text;
using Buildd.UnitTests.Testing;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>A body that gives a few bytes and then fails.</summary>
internal sealed class BrokenStream(IOException failure, string content = "cont") : MemoryStream(Encoding.UTF8.GetBytes(content))
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await base.ReadAsync(buffer, cancellationToken) is var count and > 0 ? count : throw failure;
}

/// <summary>A body of a byte each time that so much of a test's time has passed.</summary>
internal sealed class TricklingStream(ManualTimeProvider clock, TimeSpan pause) : MemoryStream(new byte[1000])
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        clock.Advance(pause);
        return base.ReadAsync(buffer[..1], cancellationToken);
    }
}

/// <summary>A body that gives its first part, and its second when it is let go; until then whoever reads may give up.</summary>
internal sealed class HeldStream(string first, string second = "") : Stream
{
    private readonly MemoryStream _first = new(Encoding.UTF8.GetBytes(first));
    private readonly MemoryStream _second = new(Encoding.UTF8.GetBytes(second));
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the first part has been read and somebody waits for the second.</summary>
    internal Task WasRead => _read.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    internal void LetGo() => _go.SetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (await _first.ReadAsync(buffer, cancellationToken) is var count and > 0)
            return count;
        _read.TrySetResult();
        await _go.Task.WaitAsync(cancellationToken);
        return await _second.ReadAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
