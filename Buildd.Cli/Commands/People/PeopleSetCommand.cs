using System.CommandLine;
using Buildd.Farm.People;
using Buildd.Farm.Rights;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm people set</c>: what is changed of a person.</summary>
internal static class PeopleSetCommand
{
    internal static Command Create(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The person's name.", isTeam: false);
        var rename = new Option<string?>("--name") { Description = "A new name; the former one goes on to mean them.", HelpName = "NAME" };
        var display = new Option<string?>("--display-name") { Description = "The name for people.", HelpName = "TEXT" };
        var description = new Option<string?>("--description") { Description = "Text about them.", HelpName = "TEXT" };
        var state = new Option<string?>("--state")
        {
            Description = "Whether they may log in, are shut out, or have left. What they own stays theirs.",
            HelpName = "active|suspended|deactivated",
        };
        state.AcceptOnlyFromAmong([.. Enum.GetNames<AccountState>().Select(word => word.ToLowerInvariant())]);
        var admin = BuilderOptions.YesNo(
            "--admin", $"Make them a member of {Role.Administrator.ToName()}, who may do everything, or no member.");
        var (password, json) = (new PasswordOptions(), Listing.JsonOption());
        var command = new Command("set", "Change a person. What is not given stays.")
        {
            name, rename, display, description, state, admin, json,
        };
        password.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var person = await session.Records.People.GetAsync(actor, parsed.GetValue(name)!, stop);
            if (person.IsTeam)
                throw FarmException.Invalid($"{person.Name} is a team: 'teams set {person.Name}' changes it");
            var changed = await session.Records.Accounts.ChangeAsync(
                actor,
                person.Name,
                old => old with
                {
                    Name = parsed.GetValue(rename) ?? old.Name,
                    DisplayName = parsed.GetValue(display) ?? old.DisplayName,
                    Description = parsed.GetValue(description) ?? old.Description,
                    State = parsed.GetValue(state) is { } word ? Enum.Parse<AccountState>(word, ignoreCase: true) : old.State,
                },
                new AccountParts
                {
                    Password = await password.ReadAsync(session, parsed, stop),
                    IsAdministrator = parsed.GetValue(admin) is { } yes ? yes == BuilderOptions.Yes : null,
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => PeopleCommand.Write(writer, changed));
            return FarmExitCode.Done;
        }).WhoMay(
            $"they themselves; {PersonRights.Administer.Who} too, who alone give another name, another state or the role of administrator");
    }
}
