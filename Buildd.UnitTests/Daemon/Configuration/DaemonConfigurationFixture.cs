using Buildd.Backends.BinaryPackage;
using Buildd.Daemon.Configuration;
using Buildd.Testing.Files;

namespace Buildd.UnitTests.Daemon.Configuration;

/// <summary>A configuration file with folders that exist.</summary>
public abstract class DaemonConfigurationFixture : IDisposable
{
    private protected readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected static BinaryPackageOptions BinaryPackageOf(DaemonConfiguration configuration) =>
        configuration.Slave.Backends.OfType<BinaryPackageBackend>().Single().Options;

    /// <summary>A section that is all right, with more in it.</summary>
    private protected string Good(string more, string? port = "8221") =>
        $"filecache = {_folder.Path}\nworkpath = {_folder.Path}\n{(port is null ? "" : $"bindport = {port}\n")}{more}";

    private protected static DaemonConfiguration Read(string builder) =>
        DaemonConfiguration.Read("test.conf", IniFile.Parse("test.conf", "[builder]\n" + builder), "1.2");
}
