namespace Buildd.Linux.Processes;

/// <summary>What is in the environment for this process, and for none that it starts.</summary>
internal static class EnvironmentVariable
{
    /// <summary>Takes a variable out of this process's environment.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value, which is gone then; null when it is not there.</returns>
    public static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }
}
