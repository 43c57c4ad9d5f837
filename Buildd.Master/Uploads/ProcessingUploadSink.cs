using System.Threading.Channels;
using Buildd.Master.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master.Uploads;

/// <summary>
/// Processes each upload as soon as it has landed, one after the other, beside the master that hands it over. What can't be
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
            await ProcessAsync(null, cancellationToken).ConfigureAwait(false);
            await foreach (var leaf in _landed.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                await ProcessAsync(leaf, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }
    }

    private async Task ProcessAsync(string? leaf, CancellationToken cancellationToken)
    {
        while (true)
        {
            // What is wrong with an upload itself is no exception.
            var broken = await Bulkhead.RunAsync(
                () => processor.ProcessLandedAsync(leaf, cancellationToken), "processing uploads", _logger, cancellationToken)
                .ConfigureAwait(false);
            if (broken is null)
                return;
            _logger.LogUploadPutOff(broken, leaf ?? "of an earlier run", RetryDelay);
            await Task.Delay(RetryDelay, _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
