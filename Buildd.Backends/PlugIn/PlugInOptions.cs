using Buildd.Backends.Limits;
using Buildd.Backends.Root;

namespace Buildd.Backends.PlugIn;

/// <summary>An executable that builds one kind of thing: what its file in the folder of backends says.</summary>
public sealed record PlugInOptions
{
    /// <summary>The longest time that may be asked for, 30 days; a longer one is rather a mistake in the unit.</summary>
    public static readonly TimeSpan MaxTimeout = BuildLimits.MaxTime;

    /// <summary>How what a build has left mounted is unmounted. By default the slave runs as root.</summary>
    public RootAccess Root { get; init; } = RootAccess.Direct;

    /// <summary>The tag that masters ask for: <c>[a-z0-9][a-z0-9-]*</c>.</summary>
    public required string Tag { get; init; }

    /// <summary>The absolute path of the executable. It gets no arguments; all it has to know comes on its standard input.</summary>
    public required string Command { get; init; }

    /// <summary>How long a build may take; zero, the default, means what <see cref="Limits"/> says.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>How long a build may write nothing to its log; zero, the default, means what <see cref="Limits"/> says.</summary>
    public TimeSpan StallTimeout { get; init; }

    /// <summary>Whether the command reaches the network, or a loopback interface only; null, the default, means that it does.</summary>
    public bool? Network { get; init; }

    /// <summary>What every build on this slave may use; nothing is limited by default.</summary>
    public BuildLimits Limits { get; init; } = new();

    /// <summary>The limits with the plug-in's own times in them.</summary>
    internal BuildLimits EffectiveLimits => Limits with
    {
        Time = Timeout > TimeSpan.Zero ? Timeout : Limits.Time,
        Silence = StallTimeout > TimeSpan.Zero ? StallTimeout : Limits.Silence,
    };

    /// <summary>Whether the text can be a tag.</summary>
    public static bool IsTag(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && text[0] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
    }
}
