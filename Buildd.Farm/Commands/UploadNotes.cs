using Buildd.Master.Results;

namespace Buildd.Farm.Commands;

/// <summary>Says that results have landed, and leaves them to <c>process-upload</c>: the records and the folder tell it of them.</summary>
internal sealed partial class UploadNotes(ILogger<UploadNotes> logger) : IUploadSink
{
    /// <inheritdoc/>
    public Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default)
    {
        LogLanded(upload.Build.Cookie, upload.Folder);
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The results of {Cookie} are in {Folder}")]
    private partial void LogLanded(string cookie, string folder);
}
