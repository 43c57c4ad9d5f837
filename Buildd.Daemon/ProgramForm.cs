using System.Reflection;
using System.Runtime.InteropServices;

namespace Buildd.Daemon;

/// <summary>The form that the program was published in; <c>Publish.props</c> chooses it.</summary>
internal static class ProgramForm
{
    private const string Key = "BuilddForm";

    /// <summary>The form, the kind of machine and the version of .NET, in one line for a person.</summary>
    internal static string Describe() => $"{Name} for {RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.FrameworkDescription}";

    private static string Name =>
        typeof(ProgramForm).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(data => data.Key == Key)?.Value switch
        {
            null => "run by the dotnet command",
            "native" => "native code",
            "ReadyToRun" => "one file with machine code (ReadyToRun)",
            "bytecode" => "one file that is compiled while it runs",
            var other => throw new InvalidOperationException($"'{other}' is not a form that a program is published in"),
        };
}
