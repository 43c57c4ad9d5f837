using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>How a slave gets done what only root can do.</summary>
public abstract record RootAccess
{
    private protected RootAccess()
    {
    }

    /// <summary>This process is root, and does it.</summary>
    public static RootAccess Direct { get; } = new AsRoot();

    /// <summary>This process is an ordinary user, and has <paramref name="program"/> do it, through sudo.</summary>
    /// <param name="program">The full path of <c>buildd-slave</c>, as a rule of sudo names it.</param>
    /// <param name="configuration">The full path of its configuration file, as that rule names it.</param>
    public static RootAccess ThroughSudo(string program, string configuration) => new Sudo(program, configuration);

    /// <summary>How, in words for a person.</summary>
    public abstract string Description { get; }

    /// <summary>This process is root.</summary>
    internal sealed record AsRoot : RootAccess
    {
        /// <inheritdoc/>
        public override string Description => "by the slave itself, which runs as root";
    }

    /// <summary>Through sudo.</summary>
    internal sealed record Sudo(string Program, string Configuration) : RootAccess
    {
        /// <summary>More than what the other side gives a command that it stops.</summary>
        private static readonly TimeSpan StopGrace = Command.DefaultStopGrace + TimeSpan.FromSeconds(20);

        /// <inheritdoc/>
        public override string Description =>
            $"through sudo, for user {Environment.UserName}: {RootProgram.CommandLine(Program, Configuration)} OPERATION";

        /// <summary>
        /// The command that carries out an operation. Standard input stays open: that it ends means stop, because this user
        /// may not send signals to a process of root.
        /// </summary>
        internal Command ToCommand(RootOperation operation, ReadOnlyMemory<byte> input) =>
            Command.Of(
                "sudo",
                ["-n", "--", Program, RootProgram.Name, RootProgram.ConfigurationOption, Configuration, .. RootOperations.Format(
                    operation)]) with
            {
                StandardInput = input,
                KeepsStandardInputOpen = true,
                StopGrace = StopGrace,
            };
    }
}
