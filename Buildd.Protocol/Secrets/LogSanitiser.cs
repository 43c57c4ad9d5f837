namespace Buildd.Protocol.Secrets;

/// <summary>
/// Takes the secrets out of a build log while it is written or copied: what looks like a credential of a URL or a proxy, and what is
/// known to be a secret of this build.
/// </summary>
/// <remarks>
/// Holds back what may be the beginning of a secret, <see cref="MaxHeldBytes"/> at most; all else is passed on at once.
/// Not safe for several threads at once.
/// </remarks>
public sealed class LogSanitiser
{
    /// <summary>The most that is held back, whatever comes.</summary>
    public static readonly int MaxHeldBytes = CredentialFilter.MaxHeldBytes + SecretFilter.MaxHeldBytes;

    private readonly CredentialFilter _credentials = new();
    private readonly SecretFilter _secrets;

    /// <summary>Makes one for one log.</summary>
    /// <param name="secrets">What must not appear, in each of its spellings; <see cref="BuildSecrets"/> collects them.</param>
    public LogSanitiser(IEnumerable<ReadOnlyMemory<byte>> secrets) => _secrets = new SecretFilter(secrets);

    /// <summary>Sanitises the next piece.</summary>
    /// <param name="input">The piece.</param>
    /// <param name="isLast">Nothing follows: nothing is held back any more.</param>
    /// <returns>What may be shown; valid until the next call, and while <paramref name="input"/> is.</returns>
    /// <remarks>The known secrets come second, so that none can appear by what the rules take out beside it.</remarks>
    public ReadOnlySpan<byte> Process(ReadOnlySpan<byte> input, bool isLast = false) =>
        _secrets.Process(_credentials.Process(input, isLast), isLast);

    /// <summary>
    /// Whether nothing is held back and nothing of what came before matters any more: from here on, a new sanitiser of the same secrets
    /// gives the same output.
    /// </summary>
    public bool IsAtRest => _credentials.IsAtRest && _secrets.IsAtRest;
}
