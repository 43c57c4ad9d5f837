using System.Text;
using Buildd.UnitTests.Protocol;

namespace Buildd.UnitTests.Slave.Logs;

/// <summary>What the reference answered about logs of private builds (Data/Logs).</summary>
internal static class RecordedLogs
{
    /// <summary>The body of that answer, as Latin-1.</summary>
    internal static string Body(string name) => Encoding.Latin1.GetString(
        WireCase.Split(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "Logs", name + ".response.http"))).Body);
}
