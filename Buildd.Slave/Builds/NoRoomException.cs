namespace Buildd.Slave.Builds;

/// <summary>A result is not taken over because the disk would not have enough room left.</summary>
public sealed class NoRoomException : IOException
{
    /// <summary>Says how much room is lacking.</summary>
    public NoRoomException(string message)
        : base(message)
    {
    }
}
