using System.CommandLine;
using System.Reflection;
using Buildd.Daemon;
using Buildd.Daemon.Configuration;
using Buildd.Slave.Lifecycle;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

const string ConfigurationVariable = "BUILDD_CONFIG";
const int ConfigurationError = 78; // EX_CONFIG of sysexits.h: starting again will not help

var version = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
var configurationOption = new Option<string?>("--config")
{
    Description = $"The configuration file (default: the environment variable {ConfigurationVariable}).",
    HelpName = "FILE",
};
var untilStdinCloses = new Option<bool>("--until-stdin-closes")
{
    Description = "Stop when standard input ends, for whoever starts a slave of its own: it then never outlives its starter.",
};
var root = new RootCommand("buildd-slave: builds Debian packages for a master that speaks the builder protocol.")
{
    configurationOption, untilStdinCloses,
};
root.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(configurationOption), parsed.GetValue(untilStdinCloses)));
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

async Task<int> RunAsync(string? path, bool stopWithStdin)
{
    path ??= Environment.GetEnvironmentVariable(ConfigurationVariable);
    if (string.IsNullOrEmpty(path))
    {
        await Console.Error.WriteLineAsync($"buildd-slave: no configuration: give --config FILE or set {ConfigurationVariable}");
        return ConfigurationError;
    }

    try
    {
        var configuration = DaemonConfiguration.Load(path, version);
        await using var application = SlaveApplication.Create(configuration);
        await application.StartAsync();
        // One line that a program which starts a slave can wait for.
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await Console.Out.WriteLineAsync($"buildd-slave {version} ready at {address}");
        if (stopWithStdin)
            _ = StopWithStdinAsync(application.Lifetime);
        await application.WaitForShutdownAsync();
        return 0;
    }
    catch (ConfigurationException e)
    {
        await Console.Error.WriteLineAsync($"buildd-slave: {e.Message}");
        return ConfigurationError;
    }
    catch (JournalException e)
    {
        await Console.Error.WriteLineAsync($"buildd-slave: {e.Message}");
        return ConfigurationError;
    }
    catch (IOException e)
    {
        await Console.Error.WriteLineAsync($"buildd-slave: can't listen: {e.Message}");
        return 1;
    }
}

static async Task StopWithStdinAsync(IHostApplicationLifetime lifetime)
{
    await using var input = Console.OpenStandardInput();
    var buffer = new byte[256];
    while (await input.ReadAsync(buffer, lifetime.ApplicationStopping) > 0)
    {
        // what it says does not matter, only that it goes on
    }

    lifetime.StopApplication();
}
