namespace Buildd.Linux.Processes;

/// <summary>The user this process runs as.</summary>
public static class CurrentUser
{
    /// <summary>Whether the effective user is root.</summary>
    public static bool IsRoot => Native.GetEffectiveUserId() == 0;

    /// <summary>The effective user's number.</summary>
    public static uint Id => Native.GetEffectiveUserId();
}
