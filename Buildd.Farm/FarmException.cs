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

    /// <summary>Something that was named is not there, or not for whoever asks: those two can't be told apart.</summary>
    internal static FarmException NotFound(string message) => new(message) { ExitCode = FarmExitCode.NotFound };

    /// <summary>Whoever asks sees it and may not do this.</summary>
    internal static FarmException NotAllowed(string message) => new(message) { ExitCode = FarmExitCode.NotAllowed };

    /// <summary>What was asked for makes no sense, whoever asks: a name that can't be one, a value that is too large.</summary>
    internal static FarmException Invalid(string message) => new(message) { ExitCode = FarmExitCode.Usage };

    /// <summary>It makes sense, and what there is already stands in its way.</summary>
    internal static FarmException Conflict(string message) => new(message);
}
