using System.Net;
using Buildd.Debian.ControlFiles;
using Buildd.Linux.Files;
using Buildd.Master.Connections;
using Buildd.Protocol.Secrets;

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

    /// <summary>Whether <c>run</c> serves <c>/metrics</c> at the same address.</summary>
    internal bool ServesMetrics { get; private init; } = true;

    /// <summary>The collector that figures and traces are sent to; null when only variables of the environment can name one.</summary>
    internal Uri? OtlpEndpoint { get; private init; }

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

    /// <inheritdoc cref="Master.MasterOptions.SlaveKeys"/>
    internal SlaveKeys SlaveKeys { get; private init; } = new();

    /// <summary>The distribution that builds are for, unless told otherwise.</summary>
    internal string Distribution { get; private init; } = "debian";

    /// <summary>The series that builds are for, unless told otherwise; null when it must be told.</summary>
    internal string? Series { get; private init; }

    /// <summary>
    /// The lines of sources.list that builds get; <c>%(series)s</c> in them stands for the build's series. None keeps the
    /// chroot's own.
    /// </summary>
    internal IReadOnlyList<string> Sources { get; private init; } = [];

    /// <summary>What becomes of results.</summary>
    internal UploadConfiguration Uploads { get => field with { Folder = State }; private init; } = new();

    /// <summary>Where the farm's records are.</summary>
    internal StoreConfiguration Store { get => field with { Path = Path.Combine(State, "farm.sqlite") }; private init; } = new();

    /// <summary>The folder of the inputs of builds, by their SHA-1.</summary>
    internal string InputsFolder => Path.Combine(State, "inputs");

    /// <summary>The fields, each with how it is read; the order is that of the documentation.</summary>
    private static readonly (string Name, Func<FarmConfiguration, ConfigurationField, FarmConfiguration> Read)[] Table =
    [
        ("State", (all, field) => all with { State = field.Folder() }),
        ("Store", (all, field) => all with { Store = all.Store with { Database = field.Database() } }),
        ("Store-Password-File", (all, field) => all with { Store = all.Store with { PasswordFile = field.File() } }),
        ("Results", (all, field) => all with { Results = field.Folder() }),
        ("Listen", (all, field) => all with { Listen = field.Address() }),
        ("Url", (all, field) => all with { Url = field.Url() }),
        ("Metrics", (all, field) => all with { ServesMetrics = field.YesOrNo() }),
        ("Otlp-Endpoint", (all, field) => all with { OtlpEndpoint = field.Url() }),
        ("Poll-Interval", (all, field) => all with { PollInterval = field.Time() }),
        ("Fast-Poll-Interval", (all, field) => all with { FastPollInterval = field.Time() }),
        ("Refresh-Interval", (all, field) => all with { RefreshInterval = field.Time() }),
        ("Lease-Duration", (all, field) => all with { LeaseDuration = field.Time() }),
        ("Resume-Command", (all, field) => all with { ResumeCommand = field.Words() }),
        ("Builder-Token-File", (all, field) => all with { SlaveKeys = all.SlaveKeys with { TokenFile = field.File() } }),
        ("Builder-Ca", (all, field) => all with { SlaveKeys = all.SlaveKeys with { Authorities = field.File() } }),
        ("Client-Certificate", (all, field) => all with { SlaveKeys = all.SlaveKeys with { Certificate = field.File() } }),
        ("Client-Key", (all, field) => all with { SlaveKeys = all.SlaveKeys with { Key = field.File() } }),
        ("Distribution", (all, field) => all with { Distribution = field.Name() }),
        ("Series", (all, field) => all with { Series = field.Name() }),
        ("Sources", (all, field) => all with { Sources = field.Lines() }),
        Of("Archive", (uploads, field) => uploads with { Archive = field.Archive() }),
        Of("Files", (uploads, field) => uploads with { Files = field.Folder() }),
        Of("Upload-Logs", (uploads, field) => uploads with { Logs = field.Folder() }),
        Of("Suites", (uploads, field) => uploads with { Policy = uploads.Policy with { Suites = field.WordSet() } }),
        Of("Components", (uploads, field) => uploads with { Policy = uploads.Policy with { Components = field.WordSet() } }),
        Of(
            "Sections", (
                uploads, field) => uploads with { Policy =
                    uploads.Policy with { Sections = field.WordSet() is var words && words.Contains("any") ? null : words } }),
        Of("Takeovers", (uploads, field) => uploads with { Policy = uploads.Policy with { Takeovers = field.Takeovers() } }),
        Of("Mail", (uploads, field) => uploads with { Mail = field.MailTransport() }),
        Of("Mail-Password-File", (uploads, field) => uploads with { MailPasswordFile = field.File() }),
        Of("Mail-Authorities", (uploads, field) => uploads with { MailAuthorities = field.File() }),
        Of("Mail-From", (uploads, field) => uploads with { MailFrom = field.Person() }),
        Of("Administrators", (uploads, field) => uploads with { Administrators = field.People() }),
        Of("Administrators-Team", (uploads, field) => uploads with { AdministratorsTeam = field.Name() }),
        Of("Send-Build-Notification", (uploads, field) => uploads with { SendsBuildNotification = field.YesOrNo() }),
        Of("Notify-Owner", (uploads, field) => uploads with { NotifiesOwner = field.YesOrNo() }),
        Of("Templates", (uploads, field) => uploads with { Templates = field.Folder() }),
    ];

    /// <summary>The fields' names.</summary>
    internal static IEnumerable<string> Fields => Table.Select(row => row.Name);

    /// <summary>
    /// Reads the file that is named, or that the environment names, or the usual one if it is there; else all defaults hold.
    /// </summary>
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
            throw new FarmException($"the configuration can't be read: {e.Message}", e) { ExitCode = FarmExitCode.BadConfiguration };
        }
    }

    private static (string Name, Func<FarmConfiguration, ConfigurationField, FarmConfiguration> Read) Of(
        string name, Func<UploadConfiguration, ConfigurationField, UploadConfiguration> read) =>
        (name, (all, field) => all with { Uploads = read(all.Uploads, field) });

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
                configuration = row.Read(configuration, new ConfigurationField(given.Value.Trim(), Path.GetDirectoryName(path)!));
            }
            catch (FormatException e)
            {
                // Of a database's words one may be a password.
                var shown = row.Name == "Store" ? given.Value.Trim().Split(' ')[0] + " …" : UrlCredentials.Without(given.Value);
                mistakes.Add($"line {given.Line}: {given.Name} is {FileName.Display(shown)}, and should be {e.Message}");
            }
        }

        if (configuration.LeaseDuration <= configuration.RefreshInterval)
            mistakes.Add("Lease-Duration must be longer than Refresh-Interval, or leases run out before they are renewed");
        if (configuration.Store is { Database: null, PasswordFile: not null })
            mistakes.Add("Store-Password-File is of no use without a server in the field Store");
        if (configuration.SlaveKeys.Certificate is null != configuration.SlaveKeys.Key is null)
            mistakes.Add("Client-Certificate and Client-Key are only of use together");
        if (configuration.Uploads is { Mail: not null, MailFrom: null })
            mistakes.Add("Mail needs the field Mail-From, who mail is from");
        return mistakes.Count == 0
            ? configuration
            : throw new FarmException($"the configuration {path} has mistakes:\n  {string.Join("\n  ", mistakes)}")
            {
                ExitCode = FarmExitCode.BadConfiguration,
            };
    }
}
