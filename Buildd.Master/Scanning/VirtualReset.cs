using System.Text;
using Buildd.Linux.Processes;
using Buildd.Master.Builders;

namespace Buildd.Master.Scanning;

/// <summary>Runs the command that resets a virtual builder.</summary>
internal static class VirtualReset
{
    /// <summary>How much of what the command says goes into a message.</summary>
    private const int MaxQuotedBytes = 2000;

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="CannotResetException">It failed, took too long, or the builder can't be reset.</exception>
    public static async Task RunAsync(Builder builder, MasterOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var command = Fill(builder, options);
        var output = new List<byte>();
        using var deadline = new CancellationTokenSource(options.VirtualCallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var result = await ProcessRunner.RunAsync(command, Keep, null, either.Token).ConfigureAwait(false);
            if (!result.Succeeded)
                throw Failed($"ended with {result.Describe()}");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Failed($"took longer than {options.VirtualCallTimeout.TotalSeconds:0} s");
        }
        catch (ProcessException exception)
        {
            throw Failed($"could not be run: {exception.Message}");
        }

        void Keep(ReadOnlySpan<byte> bytes)
        {
            if (output.Count < MaxQuotedBytes)
                output.AddRange(bytes[..Math.Min(bytes.Length, MaxQuotedBytes - output.Count)]);
        }

        CannotResetException Failed(string how) =>
            new($"{builder.Name} can't be reset: '{command.File}' {how}. It said: {Secrets.Quote(Encoding.UTF8.GetString([.. output]))}");
    }

    /// <summary>The command with the builder's words in it: arguments stay arguments, whatever is in the words.</summary>
    /// <exception cref="CannotResetException">The builder can't be reset.</exception>
    internal static Command Fill(Builder builder, MasterOptions options)
    {
        if (!builder.Virtualized)
            throw new CannotResetException($"{builder.Name} can't be reset: it is not virtual.");
        if (builder.VmHost is null)
            throw new CannotResetException($"{builder.Name} can't be reset: it has no VM host.");
        if (options.ResumeCommand is not [var file, .. var arguments])
            throw new CannotResetException($"{builder.Name} can't be reset: no resume command is set.");
        return Command.Of(file, arguments.Select(Filled)) with { StopGrace = TimeSpan.Zero };

        string Filled(string argument) => argument
            .Replace("%(vm_host)s", builder.VmHost, StringComparison.Ordinal)
            .Replace("%(buildd_name)s", builder.Url.Host.Split('.')[0], StringComparison.Ordinal);
    }
}
