using Buildd.Backends.Commands;

namespace Buildd.Backends.Steps;

/// <summary>Tries again what a program fetches from a server, as long as its trouble may pass.</summary>
internal static class FetchRetry
{
    /// <summary>The seconds before each further try. With the first there are three.</summary>
    internal const string Waits = "5 15";

    /// <summary>The script; its arguments are the waits, and a command that is run in the language C.</summary>
    internal static readonly string Script = Scripts.Text("Steps/retry-fetch.sh");

    /// <summary>The words of a command that runs another one and tries it again.</summary>
    internal static IEnumerable<string> Words(params IEnumerable<string> command) => ["/bin/sh", "-c", Script, "sh", Waits, .. command];
}
