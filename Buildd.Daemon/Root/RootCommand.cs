using Buildd.Backends.Root;
using Buildd.Daemon.Configuration;

namespace Buildd.Daemon.Root;

/// <summary>
/// <c>buildd-slave root</c>: what sudo lets the slave's user run. Its few words are read here and not by the library that
/// reads the others: that would open any file whose name is given behind an <c>@</c>, as root.
/// </summary>
internal static class RootCommand
{
    private const int ConfigurationError = 78; // EX_CONFIG of sysexits.h

    private const string Help =
        $"""
        buildd-slave {RootProgram.Name}: carries out one privileged operation of a slave that runs as an ordinary user.

        Usage:
          buildd-slave {RootProgram.Name} {RootProgram.ConfigurationOption} FILE OPERATION [ARGUMENT]…   as root, through sudo, by the user of the configuration
          buildd-slave {RootProgram.Name} {RootProgram.ConfigurationOption} FILE {RootProgram.Sudoers}                 print the rule for sudo that allows it

        Operations (ID is the build's):

        """;

    internal static async Task<int> RunAsync(string[] words)
    {
        switch (words)
        {
            case ["--help" or "-h"]:
                await Console.Out.WriteLineAsync(Help + RootProgram.OperationsHelp);
                return 0;
            case [RootProgram.ConfigurationOption, var path, .. var operation] when Path.IsPathFullyQualified(path):
                return operation is [RootProgram.Sudoers] ? await PrintRuleAsync(path) : await OperateAsync(path, operation);
            default:
                return await FailAsync(
                    RootProgram.UsageError,
                    $"give '{RootProgram.ConfigurationOption} FILE' with a full path first, then an operation; '--help' lists them");
        }
    }

    private static async Task<int> OperateAsync(string path, string[] operation)
    {
        RootConfiguration configuration;
        try
        {
            configuration = RootConfiguration.Load(path);
        }
        catch (ConfigurationException e)
        {
            return await FailAsync(ConfigurationError, e.Message);
        }

        return await RootProgram.RunAsync(operation, configuration.User, configuration.Place);
    }

    /// <summary>A rule for a program or a configuration that somebody else can change would make that somebody root.</summary>
    private static async Task<int> PrintRuleAsync(string path)
    {
        try
        {
            var program = Environment.ProcessPath ?? throw new ConfigurationException("this program does not know its own path");
            if (RootOnly.FindMistake(program) is { } mistake)
                throw new ConfigurationException($"no rule can be made for this program: {mistake}");
            await Console.Out.WriteAsync(RootProgram.SudoersRule(RootConfiguration.Load(path).User.Name, program, path));
            return 0;
        }
        catch (Exception e) when (e is ConfigurationException or RootOperationException)
        {
            return await FailAsync(ConfigurationError, e.Message);
        }
    }

    private static async Task<int> FailAsync(int code, string message)
    {
        await Console.Error.WriteLineAsync($"buildd-slave {RootProgram.Name}: {message}");
        return code;
    }
}
