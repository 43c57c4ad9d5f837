namespace Buildd.Slave.Files;

/// <summary>SHA-1 sums as the protocol spells them: they are also names in the cache.</summary>
public static class Sha1Sum
{
    /// <summary>How many digits.</summary>
    public const int Length = 40;

    /// <summary>Whether the text is 40 hexadecimal digits, and so safe as a file name.</summary>
    public static bool IsWellFormed(string text) => text.Length == Length && text.All(char.IsAsciiHexDigit);
}
