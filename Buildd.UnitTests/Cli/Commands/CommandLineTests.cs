using Buildd.Cli.Commands;
using Buildd.Farm;
using Buildd.Farm.Configuration;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>The command line as a whole: its help, its documentation, its completion.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class CommandLineTests
{
    private static readonly string Documentation = File.ReadAllText(Path.Combine(Repository.Root, "docs", "buildd-farm.md"));

    private static IEnumerable<string> Commands => Leaves(FarmCommandLine.Create(), "");

    private static IEnumerable<string> CommandsWithRights =>
        Commands.Where(name => name.Split(' ')[0] is "people" or "teams" or "token" or "settings" or "audit");

    [TestCaseSource(nameof(Commands))]
    public async Task Every_command_has_help_and_each_of_its_options_a_sentence(string name)
    {
        var output = new StringWriter();

        Assert.That(await FarmCommandLine.InvokeAsync([.. name.Split(' '), "--help"], output, output), Is.Zero);

        var lines = output.ToString().Split('\n')
            .Where(line => line.StartsWith("  -", StringComparison.Ordinal) || line.StartsWith("  <", StringComparison.Ordinal));
        Assert.That(lines, Has.All.Match(@"^  .*\S  +\S.*\S \S"));
    }

    [TestCaseSource(nameof(Commands))]
    public void Every_command_is_documented(string name) => Assert.That(Documentation, Does.Contain($"`{name}"));

    [Test]
    public void Every_field_of_the_configuration_is_documented_and_no_other()
    {
        var rows = Documentation.Split("## Configuration")[1].Split("\n## ")[0].Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        Assert.That(rows, Is.EqualTo(FarmConfiguration.Fields));
    }

    [Test]
    public void Every_exit_code_is_documented_and_in_the_help()
    {
        var help = FarmCommandLine.Create().Description!;
        foreach (
            var code in typeof(FarmExitCode).GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public)
                .Select(field => (int)field.GetRawConstantValue()!))
        {
            Assert.That(Documentation, Does.Contain($"| {code} |"));
            Assert.That(help.ReplaceLineEndings(" "), Does.Match($@"\b{code} \w"));
        }
    }

    [Test]
    public void Every_setting_and_level_is_documented()
    {
        foreach (var name in KnownSettings.All.Select(setting => setting.Name).Concat(AccessLevelNames.All))
            Assert.That(Documentation, Does.Contain($"| `{name}` |"));
    }

    [TestCaseSource(nameof(CommandsWithRights))]
    public async Task A_command_that_rights_are_asked_for_says_who_may_use_it(string name)
    {
        var output = new StringWriter();

        await FarmCommandLine.InvokeAsync([.. name.Split(' '), "--help"], output, output);

        Assert.That(output.ToString().ReplaceLineEndings(" "), Does.Match(@"Who may: \S.*\."));
    }

    [TestCase("buildd-farm bu", "build builders")]
    [TestCase("buildd-farm builders a", "add")]
    [TestCase("buildd-farm builders set bob --in-service ", "yes no")]
    [TestCase("buildd-farm queue --jso", "--json")]
    [TestCase("buildd-farm nonsense ", "")]
    public async Task Bash_completes(string line, string expected)
    {
        // What a shell has when Tab is pressed at the end of the line.
        var words = line.Split(' ');
        using var folder = new TemporaryDirectory();
        var program = folder["buildd-farm"];
        await Executable.WriteAsync(
            program, $"#!/bin/sh\nexec dotnet exec '{Path.Combine(AppContext.BaseDirectory, "buildd-farm.dll")}' \"$@\"\n");
        var script = CompletionCommand.Bash + $$"""

            PATH='{{folder.Path}}':$PATH
            COMP_LINE='{{line}}' COMP_POINT=${#COMP_LINE} COMP_WORDS=({{string.Join(' ', words.Select(word => $"'{word}'"))}}) COMP_CWORD={{words.Length - 1}}
            COMP_POINT=${#COMP_LINE}
            _buildd_farm
            printf '%s\n' "${COMPREPLY[@]}"
            """;

        var completed = await ProcessRunner.CaptureAsync(Command.Of("bash", "-c", script));

        Assert.That(
            completed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(word => word != "-c" && !word.StartsWith('/')),
            Is.SupersetOf(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        if (expected.Length > 0)
            Assert.That(completed, Does.Not.Contain("chroots"));
    }

    private static IEnumerable<string> Leaves(System.CommandLine.Command command, string prefix) => command.Subcommands.Count == 0
        ? [prefix.Trim()]
        : command.Subcommands.SelectMany(sub => Leaves(sub, $"{prefix} {sub.Name}"));
}
