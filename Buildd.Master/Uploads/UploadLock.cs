using Buildd.Linux.Files;

namespace Buildd.Master.Uploads;

/// <summary>Keeps processors of uploads in several processes from one another.</summary>
internal static class UploadLock
{
    /// <summary>How often the lock is tried again while somebody else holds it.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>Takes the queue for oneself. The lock is the kernel's, so it is gone with its holder, however that ends.</summary>
    /// <param name="root">The folder of the leaves.</param>
    /// <param name="context">What is done; the lock's name has it.</param>
    /// <param name="wait">How long to wait for another holder; zero not at all.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UploadsLockedException">Somebody else holds it still.</exception>
    internal static async Task<IDisposable> AcquireAsync(
        string root, string context, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Path.Combine(root, $"process-upload-{FileName.Check(context)}.lock");
        var start = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (Durable.IsHeldByAnother(e))
            {
                if (time.GetElapsedTime(start) >= wait)
                    throw new UploadsLockedException(path);
            }

            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
