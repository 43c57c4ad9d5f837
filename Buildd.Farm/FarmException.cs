namespace Buildd.Farm;

/// <summary>The farm can't do what it was asked to. The message is for a person: what was tried, what was found, what to do.</summary>
internal sealed class FarmException : Exception
{
    internal FarmException(string message)
        : base(message)
    {
    }

    internal FarmException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
