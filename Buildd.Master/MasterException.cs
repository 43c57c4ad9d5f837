using Buildd.Linux.Files;
namespace Buildd.Master;

/// <summary>
/// The base of what this library throws about builds, slaves that don't keep to the protocol's sense, and results.
/// Not under it: the conversation itself (<see cref="Protocol.Client.SlaveException"/> and its cases), the disk
/// (<see cref="IOException"/>), names and values of a job that the caller made up wrongly
/// (<see cref="FileNameException"/>, <see cref="ArgumentException"/>), and cancellation. Messages hold no
/// passwords, and of URLs no user information.
/// </summary>
public abstract class MasterException : Exception
{
    private protected MasterException(string message) : base(message)
    {
    }

    private protected MasterException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
