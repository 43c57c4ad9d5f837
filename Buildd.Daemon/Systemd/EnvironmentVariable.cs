namespace Buildd.Daemon.Systemd;

/// <summary>What is in the environment for this process, and for none that it starts.</summary>
internal static class EnvironmentVariable
{
    /// <summary>Its value, which is gone then; null when it is not there.</summary>
    internal static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }
}
