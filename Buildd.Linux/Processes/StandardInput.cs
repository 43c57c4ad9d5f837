namespace Buildd.Linux.Processes;

/// <summary>Standard input as a leash: a program that holds the other end never leaves this process behind.</summary>
public static class StandardInput
{
    /// <summary>
    /// Waits until standard input is closed. What comes before does not matter. Nothing can call it off; it ends with the process.
    /// </summary>
    public static async Task WaitForEndAsync()
    {
        var input = Console.OpenStandardInput();
        await using (input.ConfigureAwait(false))
        {
            var buffer = new byte[256];
            while (await input.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) > 0)
            {
            }
        }
    }
}
