using System.CommandLine;
using System.CommandLine.Completions;
using Buildd.Cli.Application;
using Buildd.Farm.Configuration;
using Buildd.Farm.People;
using Buildd.Farm.Settings;
using Buildd.Farm.Store;
using Buildd.Master;

namespace Buildd.Cli.Commands.People;

/// <summary>
/// Names in the store, for a shell that completes a word. They are read before the command line asks for them, since it can't wait; for
/// any other command line nothing is read.
/// </summary>
internal sealed class StoredNames
{
    /// <summary>How many names are offered; nobody reads more.</summary>
    private const int MaxCount = 500;

    /// <summary>How the word begins by which a shell asks, see <see cref="CompletionCommand.Bash"/>.</summary>
    private const string Suggest = "[suggest";

    /// <summary>How long a person who pressed a key waits for names; without them the shell goes on.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<Person> _people;

    private StoredNames(IReadOnlyList<Person> people) => _people = people;

    /// <summary>No names.</summary>
    internal static StoredNames None { get; } = new([]);

    /// <summary>An argument that is the name of a person or of a team.</summary>
    /// <param name="name">What it is called in the help.</param>
    /// <param name="description">Its sentence.</param>
    /// <param name="isTeam">Only teams, or only people; null for both.</param>
    internal Argument<string> Argument(string name, string description, bool? isTeam)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.CompletionSources.Add(context => Complete(context, isTeam));
        return argument;
    }

    /// <summary>An option whose value is the name of a person or of a team.</summary>
    internal Option<string?> Option(string name, string description, bool? isTeam)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "NAME" };
        option.CompletionSources.Add(context => Complete(context, isTeam));
        return option;
    }

    /// <summary>An argument that is the name of a setting.</summary>
    internal static Argument<string> SettingArgument()
    {
        var argument = new Argument<string>("NAME") { Description = "The setting's name." };
        argument.CompletionSources.Add([.. KnownSettings.All.Select(setting => setting.Name)]);
        return argument;
    }

    /// <summary>Reads those that can complete a command line: of whoever the line acts for, what they see.</summary>
    /// <param name="arguments">What came after the program's name.</param>
    /// <returns>None for a line that is no question for completions, and where the store can't be read at once.</returns>
    internal static async Task<StoredNames> ForAsync(IReadOnlyList<string> arguments)
    {
        if (arguments is not [var asked, var line, ..] || !asked.StartsWith(Suggest, StringComparison.Ordinal))
            return None;
        var parsed = FarmCommandLine.Create().Parse(line);
        if (!parsed.CommandResult.Command.Parents.Any(parent => parent.Name is "people" or "teams" or "token" or "addresses"))
            return None;
        using var limit = new CancellationTokenSource(TimeLimit);
        try
        {
            var configuration = await FarmConfiguration.LoadAsync(parsed.GetValue(FarmCommandLine.Configuration), limit.Token);
            var place = new FarmPlace(configuration, TextWriter.Null, TextWriter.Null, parsed.GetValue(FarmCommandLine.As));
            await using var session = await place.OpenAsync(makesStore: false, waitsForStore: false, limit.Token);
            var actor = await session.ActorAsync(limit.Token);
            var begun = line[(line.LastIndexOf(' ') + 1)..];
            return new StoredNames(await session.Records.People.ListAsync(
                actor, isTeam: null, Names.IsName(begun) ? begun : null, MaxCount, limit.Token));
        }
        catch (Exception e) when (e is FarmException or MasterException or StoreException or IOException or UnauthorizedAccessException
            or OperationCanceledException)
        {
            return None; // the shell completes what it can
        }
    }

    private IEnumerable<CompletionItem> Complete(CompletionContext context, bool? isTeam) => _people
        .Where(person => (isTeam is null || person.IsTeam == isTeam)
            && person.Name.StartsWith(context.WordToComplete, StringComparison.Ordinal))
        .Select(person => new CompletionItem(person.Name));
}
