namespace Buildd.Linux.Processes;

/// <summary>Reads one pipe to its end on a thread of its own and hands on what it reads.</summary>
/// <remarks>
/// A thread, because a read of a pipe blocks and can't be called off: a process that something left behind may hold the
/// pipe open for ever, and that must not cost the thread pool anything.
/// </remarks>
internal sealed class OutputPump
{
    /// <summary>A pipe's own capacity on Linux; larger reads do not come back fuller.</summary>
    private const int BufferBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _pipe;
    private OutputWriter? _writer;

    internal OutputPump(Stream pipe, OutputWriter writer)
    {
        _pipe = pipe;
        _writer = writer;
        new Thread(Run) { IsBackground = true, Name = "output of a process" }.Start();
    }

    /// <summary>Ends when the pipe has been read to its end; fails when the writer failed.</summary>
    internal Task Completion => _completion.Task;

    /// <summary>After this returns the writer is not called any more.</summary>
    internal void Abandon()
    {
        lock (_lock)
            _writer = null;
    }

    private void Run()
    {
        Exception? failure = null;
        var buffer = new byte[BufferBytes];
        while (true)
        {
            int count;
            try
            {
                count = _pipe.Read(buffer);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                break; // the process object was let go after the drain deadline
            }

            if (count == 0)
                break;

            // A writer that fails once (a full disk) gets nothing more, but the pipe is read on: a process that can't
            // write would hang instead of ending.
            lock (_lock)
            {
                try
                {
                    _writer?.Invoke(buffer.AsSpan(0, count));
                }
                catch (Exception e) // the caller gets it when the pipe has ended; on this thread it would end the program
                {
                    (_writer, failure) = (null, e);
                }
            }
        }

        if (failure is null)
            _completion.SetResult();
        else
            _completion.SetException(failure);
    }
}
