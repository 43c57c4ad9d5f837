using System.Globalization;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks.Harness;

/// <summary>The processor time of a command of the farm in a process of its own, start of the runtime and all.</summary>
internal static class CommandCost
{
    /// <summary>Runs a command, whatever it ends with.</summary>
    /// <param name="configuration">The farm's configuration.</param>
    /// <param name="arguments">The command.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Seconds of processor time.</returns>
    internal static async Task<double> MeasureAsync(
        string configuration, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // POSIX: 'times' prints what the shell itself has used, and in the second line what its children have.
        const string script = "\"$@\" > /dev/null 2>&1 < /dev/null; times";
        var program = Path.Combine(AppContext.BaseDirectory, "buildd-farm.dll");
        var output = await PeerProcess.RunAsync(
            "sh", ["-c", script, "sh", "dotnet", "exec", program, "--config", configuration, .. arguments], cancellationToken);
        return output.Split('\n')[1].Split(' ').Sum(Seconds);
    }

    /// <summary>Reads <c>1m2.345s</c>.</summary>
    private static double Seconds(string text)
    {
        var parts = text.TrimEnd('s').Split('m');
        return (60 * double.Parse(parts[0], CultureInfo.InvariantCulture)) + double.Parse(parts[1], CultureInfo.InvariantCulture);
    }
}
