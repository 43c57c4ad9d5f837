using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;

namespace Buildd.Daemon.Configuration;

/// <summary>Reads what can be said for all kinds of build in <c>[builder]</c> and otherwise for one in the section of its name.</summary>
/// <param name="file">The file.</param>
/// <param name="builder">The reader of <c>[builder]</c>.</param>
internal sealed class KindReader(IniFile file, SectionReader builder)
{
    private const string EnvironmentKey = "environment";
    private const string NetworkKey = "network";
    private const string Automatic = "auto";

    private static readonly EnvironmentKind[] Kinds = Enum.GetValues<EnvironmentKind>();

    private readonly Dictionary<string, SectionReader> _sections = new(StringComparer.Ordinal);
    private readonly List<(string, DebianBuildOptions)> _read = [];

    /// <summary>Whether builds reach the network where nothing is said for their kind.</summary>
    internal bool HasNetwork => builder.Flag(NetworkKey, fallback: true);

    /// <summary>The sections of the kinds that were read.</summary>
    internal IReadOnlyCollection<SectionReader> Sections => _sections.Values;

    /// <summary>The kinds that were read, with their options.</summary>
    internal IReadOnlyList<(string Kind, DebianBuildOptions Options)> Read => _read;

    /// <summary>The section of a kind, for what only that kind has.</summary>
    internal SectionReader SectionOf(string kind)
    {
        if (!_sections.TryGetValue(kind, out var section))
            _sections.Add(kind, section = new SectionReader(file, kind));
        return section;
    }

    /// <summary>The options of a kind of build with what is said for it in them.</summary>
    internal T Complete<T>(string kind, T options)
        where T : DebianBuildOptions
    {
        var section = SectionOf(kind);
        var complete = options with
        {
            Environment = ReadEnvironment(section, ReadEnvironment(builder, options.Environment)),
            Network = section.Flag(NetworkKey, HasNetwork),
        };
        _read.Add((kind, complete));
        return (T)complete;
    }

    /// <summary>Where builds of a kind take place, in a line for people.</summary>
    internal static string Describe(string kind, DebianBuildOptions options)
    {
        if (options is { Network: false, FetchesThroughout: true })
            return $"{kind} is not built: it needs the network, which this configuration denies";
        return $"{kind} is built in: {(options.Environment is { } chosen ? NameOf(chosen) : "overlay if this machine can, else chroot")}, "
            + (options.Network ? "with the network" : "without the network once its dependencies are there");
    }

    private static EnvironmentKind? ReadEnvironment(SectionReader reader, EnvironmentKind? fallback)
    {
        if (reader.Text(EnvironmentKey) is not { } text)
            return fallback;
        if (text == Automatic)
            return null;
        foreach (var kind in Kinds.Where(kind => NameOf(kind) == text))
            return kind;
        reader.Mistake(EnvironmentKey, text, $"one of {Automatic}, {string.Join(", ", Kinds.Select(NameOf))}");
        return fallback;
    }

    private static string NameOf(EnvironmentKind kind) => kind.ToString().ToLowerInvariant();
}
