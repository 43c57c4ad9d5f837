using Buildd.Linux.Processes;

namespace Buildd.UnitTests.Testing;

/// <summary>Buildd.TestProgram as a command.</summary>
internal static class TestProgram
{
    private static readonly string Assembly =
        Path.Combine(AppContext.BaseDirectory, "Buildd.TestProgram.dll");

    internal static Command Command(params string[] arguments) =>
        Buildd.Linux.Processes.Command.Of(
            Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", "exec", Assembly)
            .With(arguments);
}
