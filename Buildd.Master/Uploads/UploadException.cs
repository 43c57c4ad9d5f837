namespace Buildd.Master.Uploads;

/// <summary>
/// Uploads could not be processed at all, or an archive could not take one; the message says what was tried and what to do.
/// That an upload is rejected is no exception but a result.
/// </summary>
public class UploadException : MasterException
{
    /// <summary>Makes one.</summary>
    public UploadException(string message)
        : base(message)
    {
    }

    /// <summary>The same, with the cause.</summary>
    public UploadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Somebody else is processing uploads of the same folder, and has been for as long as was waited.</summary>
public sealed class UploadsLockedException(string path)
    : UploadException($"Another process is processing uploads: it holds {path}. Nothing was done; try again when it has ended.")
{
    /// <summary>The file that it holds.</summary>
    public string Path { get; } = path;
}
