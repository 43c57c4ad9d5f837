using System.Threading.Channels;
using Buildd.Master.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master.Uploads;

/// <summary>
/// Processes each upload as soon as it has landed, in their order, beside the master that hands it over. What can't be
/// done now, because the disk is full, the store away, or another process at work, is tried again until it can; what a process that was
/// killed had begun is carried on by the next one. Any thread may call.
/// </summary>
/// <param name="processor">Who does the work.</param>
/// <param name="time">The clock; the system's by default.</param>
/// <param name="logger">Where diagnostics go; nowhere by default.</param>
public sealed class ProcessingUploadSink(
    UploadProcessor processor, TimeProvider? time = null, ILogger<ProcessingUploadSink>? logger = null) : IUploadSink
{
    /// <summary>How long nothing is tried after it could not be done: what keeps one upload from being processed keeps them all.</summary>
    internal static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(30);

    /// <summary>The most leaves that are processed while the lock is held once: a person who runs 'process-upload' waits so long.</summary>
    private const int MaxTogether = 100;

    private readonly Channel<string> _landed = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger<ProcessingUploadSink> _logger = logger ?? NullLogger<ProcessingUploadSink>.Instance;

    /// <inheritdoc/>
    /// <remarks>Takes note only: <see cref="RunAsync"/> does the work.</remarks>
    public Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        _landed.Writer.TryWrite(Path.GetFileName(upload.Folder));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Does the work until cancelled: first what was cut short before, then what lands. To be run once, as long as the master runs,
    /// which tells again of all that was not processed when it starts.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends it. What was decided about an upload is carried out first; one that is still being looked at stays as it is.
    /// </param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ProcessAsync([], cancellationToken).ConfigureAwait(false);
            while (await _landed.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                await ProcessAsync(TakeLanded(), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }
    }

    /// <summary>Takes the leaves that have landed: they are examined side by side, and share the work before and after.</summary>
    private List<string> TakeLanded()
    {
        var leaves = new List<string>();
        while (leaves.Count < MaxTogether && _landed.Reader.TryRead(out var leaf))
            leaves.Add(leaf);
        return leaves;
    }

    private async Task ProcessAsync(List<string> leaves, CancellationToken cancellationToken)
    {
        while (true)
        {
            // What is wrong with an upload itself is no exception.
            var broken = await Bulkhead.RunAsync(
                () => processor.ProcessLandedAsync(leaves, cancellationToken), "processing uploads", _logger, cancellationToken)
                .ConfigureAwait(false);
            if (broken is null)
                return;
            var which = leaves.Count switch
            {
                0 => "of an earlier run",
                1 => leaves[0],
                var count => $"{leaves[0]} and {count - 1} more",
            };
            _logger.LogUploadPutOff(broken, which, RetryDelay);
            await Task.Delay(RetryDelay, _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
