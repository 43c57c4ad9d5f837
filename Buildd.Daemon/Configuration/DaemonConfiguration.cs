using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.LiveFs;
using Buildd.Backends.PlugIn;
using Buildd.Backends.Recipe;
using Buildd.Backends.Root;
using Buildd.Backends.TranslationTemplates;
using Buildd.Daemon.Logging;
using Buildd.Daemon.Security;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Slave.Http;
using Buildd.Slave.Logs;

namespace Buildd.Daemon.Configuration;

/// <summary>All that the daemon is told by its configuration file: protocol section 16, and our own keys beside it.</summary>
public sealed record DaemonConfiguration
{
    internal const string Section = "builder";

    /// <summary>What the section was called in the reference's files before its version 190.</summary>
    internal const string OldSection = "slave";

    /// <summary>The key that names who may have privileged operations done.</summary>
    internal const string UserKey = "user";

    /// <summary>The account of the reference's installations.</summary>
    internal const string DefaultUser = "buildd";

    /// <summary>Ten years: more can only be a mistake of the unit.</summary>
    private static readonly TimeSpan MaxCacheAge = TimeSpan.FromDays(3650);

    /// <summary>The slave's own options, its backends among them.</summary>
    public required SlaveOptions Slave { get; init; }

    /// <summary>The address to listen on.</summary>
    public required IPAddress BindAddress { get; init; }

    /// <summary>The port to listen on; 0 takes any that is free.</summary>
    public required int BindPort { get; init; }

    /// <summary>Where the daemon's own log goes.</summary>
    public DaemonLogOptions Log { get; init; } = new();

    /// <summary>Who may use the slave, and how much of it; everybody unless something is said.</summary>
    public SecurityOptions Security { get; init; } = new();

    /// <summary>How what needs root is done.</summary>
    public RootAccess Root { get; init; } = RootAccess.Direct;

    /// <summary>What a build of any kind may use; nothing is limited unless something is said.</summary>
    public BuildLimits Limits { get; init; } = new();

    /// <summary>The kinds of build that take place in a Debian system, and how.</summary>
    public IReadOnlyList<(string Kind, DebianBuildOptions Options)> Kinds { get; init; } = [];

    /// <summary>Whether this machine can mount overlays, for all of these kinds.</summary>
    public OverlayTrial Overlays { get; init; } = new();

    /// <summary>What is odd and no mistake: lines that nobody reads, each with its number.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What can't be built here although this program could, and why: a sentence each.</summary>
    public IReadOnlyList<string> NotOffered { get; init; } = [];

    /// <summary>Every key that this reader knows.</summary>
    internal IReadOnlyCollection<string> KnownKeys { get; private init; } = [];

    /// <summary>Reads a file and checks it as a whole.</summary>
    /// <param name="path">The reference's INI file.</param>
    /// <param name="version">What <c>status</c> is to report.</param>
    /// <param name="overrides">What the command line says instead of the file; null when it says nothing.</param>
    /// <exception cref="ConfigurationException">Something is wrong; the message lists every mistake.</exception>
    internal static DaemonConfiguration Load(string path, string version, ConfigurationOverrides? overrides = null) =>
        Read(path, IniFile.Load(path), version, overrides);

    /// <summary>The section that a file has the builder's keys in.</summary>
    internal static string SectionOf(IniFile file) => !file.HasSection(Section) && file.HasSection(OldSection) ? OldSection : Section;

    /// <summary>What was understood, a line for each, for a person to look at.</summary>
    public IEnumerable<string> Describe() =>
    [
        $"listens on {new IPEndPoint(BindAddress, BindPort)}",
        $"architecture tag: {Slave.ArchitectureTag}",
        $"kinds of build: {string.Join(", ", Slave.Backends.Select(backend => backend.Tag))}",
        $"file cache: {Slave.FileCacheDirectory}",
        $"of it are kept: {Limit(Slave.Cache.BudgetBytes)} bytes, {Limit((long)Slave.Cache.MaxAge.TotalSeconds)} seconds; "
            + $"{Slave.Cache.FreeSpaceFloorBytes} bytes of the disk stay free",
        $"work folder: {Slave.WorkDirectory}",
        $"of a build log are kept: {Limit(Slave.Log.MaxBytes)} bytes",
        $"limits of a build: {LimitsReader.Describe(Limits)}",
        .. Kinds.Select(kind => KindReader.Describe(kind.Kind, kind.Options)),
        $"what needs root is done {Root.Description}",
        $"a build that runs when the slave stops is given {Slave.StopDeadline.TotalSeconds:0} seconds, one that is aborted "
            + $"{Slave.AbortDeadline.TotalSeconds:0}",
        $"beside the calls and the files: {string.Join(", ", Extras().DefaultIfEmpty("nothing"))}",
        .. SecurityReader.Describe(Security, Slave.Cache.AllowedHosts),
        $"log: {Log.Path ?? "standard output"} ({Log.Format.ToString().ToLowerInvariant()})",
    ];

    internal static DaemonConfiguration Read(string path, IniFile file, string version, ConfigurationOverrides? overrides = null)
    {
        overrides ??= new ConfigurationOverrides();
        var reader = new SectionReader(file, SectionOf(file));
        var securityReader = new SectionReader(file, SecurityKeys.Section);
        var root = ReadRoot(path, reader, out var oddUser);
        var limits = LimitsReader.Read(reader);
        var kinds = new KindReader(file, reader);
        var proxyReader = new SectionReader(file, ProxyReader.Section);
        var templatesReader = new SectionReader(file, "translationtemplatesmanager");
        var overlays = new OverlayTrial();
        List<string> notOffered = [];
        var aptProxy = ProxyReader.ReadApt(proxyReader);
        var slave = ReadSlave(reader, templatesReader, kinds, root, limits, aptProxy, overlays, version, notOffered) with
        {
            StateDirectory = overrides.State is { } state ? Absolute(state) : null,
        };
        var (address, port) = ReadAddress(reader, overrides.BindHost);
        var log = ReadLog(reader, overrides.Log);
        var security = SecurityReader.Read(securityReader, TimeProvider.System);
        SecurityReader.Read(securityReader, security, slave);
        var plugInFolder = reader.Text("backends") is { } folder ? Absolute(folder) : null;

        List<string> mistakes =
        [
            .. reader.Mistakes, .. kinds.Sections.SelectMany(section => section.Mistakes), .. templatesReader.Mistakes,
            .. securityReader.Mistakes,
            .. proxyReader.Mistakes,
        ];
        if (!file.HasSection(reader.Section))
            mistakes.Insert(0, $"there is no section [{Section}]");
        var named = slave.FileCacheDirectory.Length > 0 ? slave : slave with { FileCacheDirectory = "/" }; // missing: told of already
        mistakes.AddRange(named.FindMistakes());
        foreach (var plugIn in PlugInFolder.Read(plugInFolder, slave.Backends.Select(backend => backend.Tag), mistakes))
            slave.Backends.Add(
                new PlugInBackend(plugIn with { Root = root, Limits = limits, Network = plugIn.Network ?? kinds.HasNetwork }));
        if (mistakes.Count > 0)
            throw new ConfigurationException($"the configuration file '{path}' can't be used:\n  " + string.Join("\n  ", mistakes));

        return new DaemonConfiguration
        {
            Slave = slave,
            BindAddress = address,
            BindPort = port,
            Log = log,
            Root = root,
            Limits = limits,
            Kinds = kinds.Read,
            Overlays = overlays,
            Security = security,
            Warnings =
            [
                .. FindUnread(path, file, [reader, securityReader, proxyReader, templatesReader, .. kinds.Sections]),
                .. FindOdd(security, address),
                .. oddUser is null ? (string[])[] : [oddUser],
                .. limits.FindWhatCanNotBeKept() is { } notKept ? [$"{path}: {notKept}"] : (string[])[],
            ],
            NotOffered = notOffered,
            KnownKeys =
            [
                .. reader.Keys, .. kinds.Sections.SelectMany(section => section.Keys), .. templatesReader.Keys, .. securityReader.Keys,
                .. proxyReader.Keys,
            ],
        };
    }

    /// <remarks>Differs: the reference's user may run everything through sudo; ours has a rule for its few operations.</remarks>
    private static RootAccess ReadRoot(string path, SectionReader reader, out string? odd)
    {
        var user = reader.Text(UserKey) ?? DefaultUser;
        odd = null;
        if (CurrentUser.IsRoot)
            return RootAccess.Direct;
        if (user != Environment.UserName)
            odd = $"{path}: the slave runs as '{Environment.UserName}', and 'user' is '{user}': nothing that needs root will be done "
                + "for it, and so no build";
        return RootAccess.ThroughSudo(Environment.ProcessPath ?? "buildd-slave", Path.GetFullPath(path));
    }

    private static SlaveOptions ReadSlave(
        SectionReader reader, SectionReader templates, KindReader kinds, RootAccess root, BuildLimits limits, string? aptProxy,
        OverlayTrial overlays, string version, List<string> notOffered)
    {
        var defaults = new SlaveOptions();
        var user = reader.Text("builduser") ?? new BinaryPackageOptions().BuildUser;
        var work = Absolute(reader.Text("workpath") ?? Environment.GetEnvironmentVariable("HOME") ?? "");
        return new SlaveOptions
        {
            ArchitectureTag = reader.Text("architecturetag") ?? MachineArchitecture(),
            FileCacheDirectory = Absolute(reader.Required("filecache")),
            WorkDirectory = work,
            Derived = [new ChrootBases(root, work, TimeProvider.System)],
            Version = version,
            StopDeadline = reader.Duration("stopdeadline", defaults.StopDeadline, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            AbortDeadline = reader.Duration("abortdeadline", defaults.AbortDeadline, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Backends =
            [
                new BinaryPackageBackend(kinds.Complete(
                    WireNames.Managers.BinaryPackage,
                    new BinaryPackageOptions
                    {
                        Root = root, Limits = limits, BuildUser = user, AptProxy = aptProxy, BuilderVersion = version,
                    }), overlays),
                .. Offer(
                    kinds.Complete(
                        WireNames.Managers.SourcePackageRecipe,
                        new RecipeOptions { Root = root, Limits = limits, BuildUser = user, AptProxy = aptProxy }),
                    options => new RecipeBackend(options, overlays), RecipeBackend.FindMistake, RecipeBackend.FindGap(), notOffered),
                new TranslationTemplatesBackend(ReadTemplates(templates, kinds.Complete(
                    WireNames.Managers.TranslationTemplates,
                    new TranslationTemplatesOptions { Root = root, Limits = limits, BuildUser = user, AptProxy = aptProxy })), overlays),
                .. Offer(
                    LiveFsReader.Read(
                        kinds.SectionOf(WireNames.Managers.LiveFs),
                        kinds.Complete(
                            WireNames.Managers.LiveFs,
                            new LiveFsOptions { Root = root, Limits = limits, BuildUser = user, AptProxy = aptProxy })),
                    options => new LiveFsBackend(options, overlays), options => options.FindMistake(), gap: null, notOffered),
            ],
            Cache = new FileCacheOptions
            {
                BudgetBytes = reader.Bytes("cachebudget", defaults.Cache.BudgetBytes),
                MaxAge = reader.Duration("cacheage", defaults.Cache.MaxAge, TimeSpan.Zero, MaxCacheAge),
                FreeSpaceFloorBytes = reader.Bytes("freespacefloor", defaults.Cache.FreeSpaceFloorBytes),
                ReaderGroup = CurrentUser.IsRoot ? UserAccount.Find(user)?.GroupId : null, // sbuild reads the sources in the cache
            },
            Log = new BuildLogOptions { MaxBytes = reader.Bytes("logmax", defaults.Log.MaxBytes) },
            Endpoints = new EndpointOptions
            {
                FileListing = reader.Flag("filelisting", defaults.Endpoints.FileListing),
                LogStream = reader.Flag("logstream", defaults.Endpoints.LogStream),
                Metrics = reader.Flag("metrics", defaults.Endpoints.Metrics),
                Health = reader.Flag("healthz", defaults.Endpoints.Health),
                TupleStatus = reader.Flag("tuplestatus", defaults.Endpoints.TupleStatus),
            },
        };
    }

    /// <summary>
    /// A kind of build is offered only where what it needs is; what is missing is told at start, as is what is missing of it.
    /// </summary>
    private static IEnumerable<IBuildBackend> Offer<T>(
        T options, Func<T, IBuildBackend> make, Func<T, string?> findMistake, string? gap, List<string> notOffered)
    {
        var mistake = findMistake(options);
        if ((mistake ?? gap) is { } sentence)
            notOffered.Add(sentence);
        return mistake is null ? [make(options)] : [];
    }

    private static TranslationTemplatesOptions ReadTemplates(SectionReader reader, TranslationTemplatesOptions options)
    {
        const string key = "resultarchive";
        if (reader.Text(key) is not { } name)
            return options;
        if (FileName.FindMistake(name) is null)
            return options with { ResultArchive = name };
        reader.Mistake(key, name, "the name of a file, without a folder");
        return options;
    }

    /// <remarks>
    /// Differs: the reference never uses <c>bindhost</c>; without the key it is taken as <c>0.0.0.0</c>, which is what it does.
    /// An interface behind the port, which the reference does use, goes before it.
    /// </remarks>
    private static (IPAddress Address, int Port) ReadAddress(SectionReader reader, string? insteadOfHost)
    {
        var address = IPAddress.Any;
        var ofFile = reader.Text("bindhost");
        if ((insteadOfHost ?? ofFile) is { } host && !ListenAddress.TryParseHost(host, out address))
            reader.Mistake("bindhost", host, "an IP address or localhost");
        var text = reader.Required("bindport");
        if (text.Length == 0)
            return (address, 0); // reported as missing already
        if (!ListenAddress.TryParsePort(text, out var port, out var ofPort, out var mistake))
            reader.Mistake("bindport", text, mistake);
        return (ofPort ?? address, port);
    }

    private static DaemonLogOptions ReadLog(SectionReader reader, string? insteadOfLog)
    {
        var ofFile = reader.Text("log");
        var log = insteadOfLog ?? ofFile ?? "";
        var path = log.Length == 0 ? null : Absolute(log);
        if (path is not null && (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(path))))
            reader.Mistake("log", log, "a file in a folder that is there");
        var format = reader.Text("log-format") ?? "text";
        if (format is not ("text" or "json"))
            reader.Mistake("log-format", format, "text or json");
        return new DaemonLogOptions { Path = path, Format = format == "json" ? DaemonLogFormat.Json : DaemonLogFormat.Text };
    }

    private static IEnumerable<string> FindUnread(string path, IniFile file, SectionReader[] readers) => file.Keys
        .Where(
            key => !readers.Any(reader => reader.Section == key.Section && reader.Keys.Contains(key.Key, StringComparer.OrdinalIgnoreCase)))
        .Where(key => !ReferenceKeys.Contains(key.Section, key.Key))
        .Select(key => $"{path}: line {key.Line}: nothing reads the key '{key.Key}' of [{key.Section}]: it is mistyped, or of no use here");

    private static IEnumerable<string> FindOdd(SecurityOptions security, IPAddress address)
    {
        if (security is { TokenFile: not null, Tls: null } && !IPAddress.IsLoopback(address))
            yield return $"[{SecurityKeys.Section}] {SecurityKeys.TokenFile} without {SecurityKeys.TlsCertificate}: the token can be "
                + "read on the way";
    }

    private IEnumerable<string> Extras()
    {
        if (Slave.Endpoints.FileListing)
            yield return "filelisting";
        if (Slave.Endpoints.LogStream)
            yield return "logstream";
        if (Slave.Endpoints.Metrics)
            yield return "metrics";
        if (Slave.Endpoints.Health)
            yield return "healthz";
        if (Slave.Endpoints.TupleStatus)
            yield return "status as a tuple, for masters up to 2013";
    }

    private static string Limit(long value) => value == 0 ? "any number of" : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Links into the cache are made from other folders, so a relative path would lead nowhere there.</summary>
    private static string Absolute(string path) =>
        path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) ? path : Path.GetFullPath(path);

    /// <summary>Debian's name of the architecture this program was compiled for.</summary>
    private static string MachineArchitecture() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.X86 => "i386",
        Architecture.Arm64 => "arm64",
        Architecture.Arm => "armhf",
        Architecture.S390x => "s390x",
        Architecture.Ppc64le => "ppc64el",
        Architecture.LoongArch64 => "loong64",
        Architecture.RiscV64 => "riscv64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
