namespace Buildd.Daemon.Configuration;

/// <summary>The configuration can't be used. The message says where the mistake is and what to do.</summary>
internal sealed class ConfigurationException : Exception
{
    /// <summary>Makes one.</summary>
    public ConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with its cause.</summary>
    public ConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
