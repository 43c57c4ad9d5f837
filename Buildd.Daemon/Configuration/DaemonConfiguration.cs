using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Buildd.Backends.BinaryPackage;
using Buildd.Slave;

namespace Buildd.Daemon.Configuration;

/// <summary>All that the daemon is told by its configuration file: protocol section 16, and our own keys beside it.</summary>
public sealed record DaemonConfiguration
{
    private const string Section = "builder";

    /// <summary>The slave's own options, its backends among them.</summary>
    public required SlaveOptions Slave { get; init; }

    /// <summary>The address to listen on.</summary>
    public required IPAddress BindAddress { get; init; }

    /// <summary>The port to listen on; 0 takes any that is free.</summary>
    public required int BindPort { get; init; }

    /// <summary>Reads a file and checks it as a whole.</summary>
    /// <param name="path">The reference's INI file.</param>
    /// <param name="version">What <c>status</c> is to report.</param>
    /// <exception cref="ConfigurationException">Something is wrong; the message lists every mistake.</exception>
    public static DaemonConfiguration Load(string path, string version) => Read(path, IniFile.Load(path), version);

    internal static DaemonConfiguration Read(string path, IniFile file, string version)
    {
        var mistakes = new List<string>();
        if (!file.HasSection(Section))
            mistakes.Add($"there is no section [{Section}]");

        var binaryPackage = new BinaryPackageOptions();
        var slave = new SlaveOptions
        {
            ArchitectureTag = file.Find(Section, "architecturetag") ?? MachineArchitecture(),
            FileCacheDirectory = Absolute(Required(file, "filecache", mistakes)),
            WorkDirectory = Absolute(file.Find(Section, "workpath") ?? Environment.GetEnvironmentVariable("HOME") ?? ""),
            Version = version,
            Backends =
            [
                new BinaryPackageBackend(binaryPackage with { BuildUser = file.Find(Section, "builduser") ?? binaryPackage.BuildUser }),
            ],
        };
        var configuration = new DaemonConfiguration
        {
            Slave = slave,
            BindAddress = ParseHost(file.Find(Section, "bindhost"), mistakes),
            BindPort = ParsePort(Required(file, "bindport", mistakes), mistakes),
        };
        var named = slave.FileCacheDirectory.Length > 0 ? slave : slave with { FileCacheDirectory = "/" }; // missing: told of already
        mistakes.AddRange(named.FindMistakes());
        return mistakes.Count == 0
            ? configuration
            : throw new ConfigurationException($"the configuration file '{path}' can't be used:\n  " + string.Join("\n  ", mistakes));
    }

    /// <summary>Links into the cache are made from other folders, so a relative path would lead nowhere there.</summary>
    private static string Absolute(string path) => path.Length == 0 ? path : Path.GetFullPath(path);

    private static string Required(IniFile file, string key, List<string> mistakes)
    {
        if (file.Find(Section, key) is { Length: > 0 } value)
            return value;
        mistakes.Add($"[{Section}] {key} is missing");
        return "";
    }

    /// <remarks>Differs: the reference never uses <c>bindhost</c>; without the key it is taken as <c>0.0.0.0</c>, which is what it does.</remarks>
    private static IPAddress ParseHost(string? host, List<string> mistakes)
    {
        if (host is null)
            return IPAddress.Any;
        if (host == "localhost")
            return IPAddress.Loopback;
        if (IPAddress.TryParse(host, out var address))
            return address;
        mistakes.Add($"[{Section}] bindhost is '{host}'; it has to be an IP address or localhost");
        return IPAddress.None;
    }

    private static int ParsePort(string text, List<string> mistakes)
    {
        if (text.Length == 0)
            return 0; // reported as missing already
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort)
            return port;
        mistakes.Add($"[{Section}] bindport is '{text}'; it has to be a number from 0 to {IPEndPoint.MaxPort}");
        return 0;
    }

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
