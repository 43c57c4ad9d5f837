namespace Buildd.Farm;

/// <summary>The farm can't do what it was asked to. The message is for a person: what was tried, what was found, what to do.</summary>
internal class FarmException : Exception
{
    internal FarmException(string message)
        : base(message)
    {
    }

    internal FarmException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What the program ends with; <see cref="FarmExitCode.Failed"/> by default.</summary>
    internal int ExitCode { get; init; } = FarmExitCode.Failed;

    /// <summary>Something that was named is not there.</summary>
    internal static FarmException NotFound(string message) => new(message) { ExitCode = FarmExitCode.NotFound };
}
