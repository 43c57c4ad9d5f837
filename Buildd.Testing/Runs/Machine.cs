using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.Testing.Runs;

/// <summary>What the machine lets a test do, and what to do when it does not.</summary>
public static class Machine
{
    private static readonly Lazy<Task<bool>> ControlGroups = new(ProbeControlGroupsAsync);

    public static Task<bool> HasControlGroupsAsync() => ControlGroups.Value;

    /// <summary>At a desk the test is ignored, with a sentence on how to get what is missing; in CI it fails.</summary>
    public static void Require(bool there, string what)
    {
        if (there)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"This machine must have, and lacks, {what}.");
        Assert.Ignore($"Needs {what}.");
    }

    /// <summary>Removes a control group whose processes are ending: until the last has ended it is in use, though none is listed.</summary>
    public static async Task RemoveControlGroupAsync(string group)
    {
        while (Directory.Exists(group))
        {
            try
            {
                Directory.Delete(group);
            }
            catch (IOException) when (!TestContext.CurrentContext.CancellationToken.IsCancellationRequested)
            {
                await Task.Delay(10);
            }
        }
    }

    private static async Task<bool> ProbeControlGroupsAsync()
    {
        await using var scope = ProcessScope.Open("probe");
        return scope.HasControlGroup;
    }
}
