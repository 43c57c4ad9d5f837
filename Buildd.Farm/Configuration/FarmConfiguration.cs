using System.Net;
using Buildd.Debian;
using Buildd.Debian.ControlFiles;

namespace Buildd.Farm.Configuration;

/// <summary>
/// The farm's settings: a file in the style of Debian's control files (<c>buildd.conf</c>), one paragraph of which every
/// field may be missing. <c>docs/buildd-farm.md</c> lists the fields. Relative paths are below the file's own folder.
/// </summary>
internal sealed record FarmConfiguration
{
    /// <summary>Where the file is looked for unless it is named.</summary>
    internal const string DefaultPath = "/etc/buildd-farm/buildd.conf";

    /// <summary>The variable that names the file, unless the command line does.</summary>
    internal const string Variable = "BUILDD_FARM_CONFIG";

    /// <summary>The folder that holds the store and the inputs of builds.</summary>
    internal string State { get; private init; } = "/var/lib/buildd-farm";

    /// <summary>The folder that results and logs go to.</summary>
    internal string Results { get => field ?? Path.Combine(State, "results"); private init; }

    /// <summary>Where <c>run</c> serves the inputs of builds to slaves.</summary>
    internal IPEndPoint Listen { get; private init; } = new(IPAddress.Loopback, 8223);

    /// <summary>How slaves reach that; null for the address itself.</summary>
    internal Uri? Url { get; private init; }

    /// <inheritdoc cref="Master.MasterOptions.PollInterval"/>
    internal TimeSpan PollInterval { get; private init; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc cref="Master.MasterOptions.FastPollInterval"/>
    internal TimeSpan FastPollInterval { get; private init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="Master.MasterOptions.RefreshInterval"/>
    internal TimeSpan RefreshInterval { get; private init; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc cref="Master.MasterOptions.LeaseDuration"/>
    internal TimeSpan LeaseDuration { get; private init; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc cref="Master.MasterOptions.ResumeCommand"/>
    internal IReadOnlyList<string> ResumeCommand { get; private init; } = [];

    /// <summary>The distribution that builds are for, unless told otherwise.</summary>
    internal string Distribution { get; private init; } = "debian";

    /// <summary>The series that builds are for, unless told otherwise; null when it must be told.</summary>
    internal string? Series { get; private init; }

    /// <summary>
    /// The lines of sources.list that builds get; <c>%(series)s</c> in them stands for the build's series. None keeps the
    /// chroot's own.
    /// </summary>
    internal IReadOnlyList<string> Sources { get; private init; } = [];

    /// <summary>The file of the store.</summary>
    internal string StorePath => Path.Combine(State, "farm.sqlite");

    /// <summary>The folder of the inputs of builds, by their SHA-1.</summary>
    internal string InputsFolder => Path.Combine(State, "inputs");

    /// <summary>The fields, each with how it is read; the order is that of the documentation.</summary>
    private static readonly (string Name, Func<FarmConfiguration, Field, FarmConfiguration> Read)[] Table =
    [
        ("State", (all, field) => all with { State = field.Folder() }),
        ("Results", (all, field) => all with { Results = field.Folder() }),
        ("Listen", (all, field) => all with { Listen = field.Address() }),
        ("Url", (all, field) => all with { Url = field.Url() }),
        ("Poll-Interval", (all, field) => all with { PollInterval = field.Time() }),
        ("Fast-Poll-Interval", (all, field) => all with { FastPollInterval = field.Time() }),
        ("Refresh-Interval", (all, field) => all with { RefreshInterval = field.Time() }),
        ("Lease-Duration", (all, field) => all with { LeaseDuration = field.Time() }),
        ("Resume-Command", (all, field) => all with { ResumeCommand = field.Words() }),
        ("Distribution", (all, field) => all with { Distribution = field.Name() }),
        ("Series", (all, field) => all with { Series = field.Name() }),
        ("Sources", (all, field) => all with { Sources = field.Lines() }),
    ];

    /// <summary>The fields' names.</summary>
    internal static IEnumerable<string> Fields => Table.Select(row => row.Name);

    /// <summary>Reads the file that is named, or that the environment names, or the usual one if it is there; else all defaults hold.</summary>
    /// <param name="path">The file; null when none was named.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It can't be read, or has mistakes: all are in the message.</exception>
    internal static async Task<FarmConfiguration> LoadAsync(string? path, CancellationToken cancellationToken)
    {
        path ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : null;
        if (path is null && !File.Exists(DefaultPath))
            return new FarmConfiguration();
        path = Path.GetFullPath(path ?? DefaultPath);
        try
        {
            return From(path, await ControlReader.ReadFileAsync(path, cancellationToken));
        }
        catch (Exception e) when (e is ControlFileException or IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the configuration can't be read: {e.Message}", e) { ExitCode = Farm.ExitCode.BadConfiguration };
        }
    }

    private static FarmConfiguration From(string path, IReadOnlyList<Paragraph> paragraphs)
    {
        var configuration = new FarmConfiguration();
        var mistakes = new List<string>();
        if (paragraphs.Count > 1)
            mistakes.Add($"line {paragraphs[1].Line}: a second paragraph begins, and there is only one");
        foreach (var given in paragraphs.Take(1).SelectMany(paragraph => paragraph.Fields))
        {
            var row = Array.Find(Table, row => row.Name.Equals(given.Name, StringComparison.OrdinalIgnoreCase));
            if (row.Name is null)
            {
                mistakes.Add($"line {given.Line}: there is no field {given.Name}; there are {string.Join(", ", Fields)}");
                continue;
            }

            try
            {
                configuration = row.Read(configuration, new Field(given.Value.Trim(), Path.GetDirectoryName(path)!));
            }
            catch (FormatException e)
            {
                mistakes.Add($"line {given.Line}: {given.Name} is {FileName.Display(given.Value)}, and should be {e.Message}");
            }
        }

        if (configuration.LeaseDuration <= configuration.RefreshInterval)
            mistakes.Add("Lease-Duration must be longer than Refresh-Interval, or leases run out before they are renewed");
        return mistakes.Count == 0
            ? configuration
            : throw new FarmException($"the configuration {path} has mistakes:\n  {string.Join("\n  ", mistakes)}") { ExitCode = Farm.ExitCode.BadConfiguration };
    }

    /// <summary>A field's value; each reader throws a <see cref="FormatException"/> that says what should be there.</summary>
    private readonly record struct Field(string Text, string BaseFolder)
    {
        internal string Folder() => Text.Length > 0 && !Text.Contains('\n', StringComparison.Ordinal)
            ? Path.GetFullPath(Text, BaseFolder)
            : throw new FormatException("a folder");

        internal IPEndPoint Address() => IPEndPoint.TryParse(Text, out var address) && Text.Contains(':', StringComparison.Ordinal) && !Text.EndsWith(']')
            ? address
            : throw new FormatException("an address and a port, such as 127.0.0.1:8223 or [::]:8223; port 0 is any that is free");

        internal Uri Url() => Uri.TryCreate(Text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0
            ? new Uri(url.AbsoluteUri.TrimEnd('/') + "/")
            : throw new FormatException("an address such as http://farm.example:8223/");

        internal TimeSpan Time() => Durations.TryParse(Text, out var time)
            ? time
            : throw new FormatException(Durations.Expected);

        internal string Name() => FileName.FindMistake(Text) is null && !Text.Contains(' ', StringComparison.Ordinal)
            ? Text
            : throw new FormatException("a name, of which a folder's name is made");

        internal string[] Words() => Text.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } words
            ? words
            : throw new FormatException("a program and its arguments");

        internal string[] Lines()
        {
            string[] lines = [.. Text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
            return lines.All(line => line.StartsWith("deb ", StringComparison.Ordinal))
                ? lines
                : throw new FormatException("lines of a sources.list that begin with 'deb '");
        }
    }
}
