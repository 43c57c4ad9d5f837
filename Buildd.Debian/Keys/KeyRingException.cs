namespace Buildd.Debian.Keys;

/// <summary>Something is no OpenPGP public key.</summary>
public sealed class KeyRingException : DebianException
{
    internal KeyRingException(string message) : base(message)
    {
    }
}
