using System.CommandLine;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm teams</c>: groups of people, who own together what a team owns.</summary>
internal static class TeamsCommand
{
    internal static Command Create(StoredNames stored) =>
        new("teams", "The teams. What a team owns is its members', and a team may be in another.")
        {
            List(), Show(stored), Add(stored), Set(stored), MembershipCommands.CreateJoin(stored), MembershipCommands.CreateLeave(stored),
        };

    /// <summary>Somebody's part in a team for people, such as <c>ada (administrator, until 2027-01-31 00:00:00Z)</c>.</summary>
    internal static string Describe(string name, Membership membership)
    {
        var role = membership.State == MembershipState.Administrator ? "administrator" : "";
        var end = membership.Expires is null ? "" : $"until {Listing.Text(membership.Expires)}";
        var words = string.Join(", ", ((string[])[role, end]).Where(word => word.Length > 0));
        return words.Length == 0 ? name : $"{name} ({words})";
    }

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List the teams.") { json }.WithSession(async (session, parsed, stop) =>
        {
            var teams = await PeopleCommand.ReadAllAsync(session, isTeam: true, stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, teams, PeopleCommand.Write);
                return FarmExitCode.Done;
            }

            var owners = await session.Records.People.NamesAsync(
                await session.ActorAsync(stop), teams.Select(team => team.Owner!.Value), stop);
            Listing.WriteTable(session.Output, ["NAME", "OWNER", "PRIVATE", "SINCE", "DISPLAY NAME"], teams.Select(
                team => (IReadOnlyList<string>)
                [
                    team.Name, owners.GetValueOrDefault(team.Owner!.Value, "-"), team.IsPrivate ? "yes" : "no",
                    Listing.Text(team.Created), team.DisplayName,
                ]));
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.View.Who);
    }

    private static Command Show(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The team's name.", isTeam: true);
        var json = Listing.JsonOption();
        return new Command("show", "Show a team and who is in it; with --json those who have left, too.") { name, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var team = await session.Records.People.GetAsync(actor, parsed.GetValue(name)!, stop);
            var members = await session.Records.Teams.ListAsync(actor, team.Name, stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer =>
                {
                    writer.WriteStartObject();
                    RecordJson.WriteMembers(writer, PersonColumns.All, team);
                    writer.WriteStartArray("members");
                    foreach (var (member, membership) in members)
                    {
                        writer.WriteStartObject();
                        writer.WriteString("name", member.Name);
                        RecordJson.WriteMembers(writer, MembershipColumns.All, membership);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                });
                return FarmExitCode.Done;
            }

            void Line(string title, string? text)
            {
                if (!string.IsNullOrEmpty(text))
                    session.Output.WriteLine($"{title + ":",-14} {Printable.Text(text)}");
            }

            var owners = await session.Records.People.NamesAsync(actor, [team.Owner!.Value], stop);
            Line("Name", team.Name);
            Line("Display name", team.DisplayName);
            Line("Owner", owners.GetValueOrDefault(team.Owner.Value));
            Line("Private", team.IsPrivate ? "yes" : "no");
            Line("Since", Listing.Text(team.Created));
            Line("Description", team.Description);
            foreach (var (member, membership) in members.Where(one => one.Membership.IsActiveAt(session.Time.GetUtcNow())))
                Line("Member", Describe(member.Name, membership));
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.View.Who);
    }

    private static Command Add(StoredNames stored)
    {
        var name = new Argument<string>("NAME") { Description = $"The team's name: {Names.Rule}." };
        var owner = stored.Option("--owner", "Who owns it: a person or a team (default: the person of --as).", isTeam: null);
        var display = new Option<string?>("--display-name") { Description = "The name for people (default: NAME).", HelpName = "TEXT" };
        var description = new Option<string?>("--description") { Description = "Text about it.", HelpName = "TEXT" };
        var json = Listing.JsonOption();
        var isPrivate = new Option<bool>("--private") { Description = "Show it to its members and its owner alone." };
        return new Command("add", "Add a team. Its owner becomes its first member and administers it.")
        {
            name, owner, display, description, isPrivate, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var owned = parsed.GetValue(owner) ?? session.ActsAs
                ?? throw FarmException.Invalid("a team has to have an owner: give --owner, or --as");
            var added = await session.Records.People.AddTeamAsync(
                actor,
                new Person
                {
                    Name = parsed.GetValue(name)!,
                    DisplayName = parsed.GetValue(display) ?? parsed.GetValue(name)!,
                    Description = parsed.GetValue(description) ?? "",
                    IsTeam = true,
                    IsPrivate = parsed.GetValue(isPrivate),
                    Owner = (await session.Records.People.GetAsync(actor, owned, stop)).Id,
                    Created = session.Time.GetUtcNow(),
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => PeopleCommand.Write(writer, added));
            return FarmExitCode.Done;
        }).WhoMay($"people for themselves and for teams that they are in, members of {Role.Administrator.ToName()}");
    }

    private static Command Set(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The team's name.", isTeam: true);
        var rename = new Option<string?>("--name") { Description = "A new name; the former one goes on to mean it.", HelpName = "NAME" };
        var owner = stored.Option("--owner", "Who shall own it: a person or a team.", isTeam: null);
        var display = new Option<string?>("--display-name") { Description = "The name for people.", HelpName = "TEXT" };
        var description = new Option<string?>("--description") { Description = "Text about it.", HelpName = "TEXT" };
        var json = Listing.JsonOption();
        var isPrivate = BuilderOptions.YesNo("--private", "Whether its members and its owner alone see it, and what it owns.");
        return new Command("set", "Change a team. What is not given stays.")
        {
            name, rename, owner, display, description, isPrivate, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var team = await session.Records.People.GetAsync(actor, parsed.GetValue(name)!, stop);
            if (!team.IsTeam)
                throw FarmException.Invalid($"{team.Name} is a person: 'people set {team.Name}' changes them");
            var newOwner = parsed.GetValue(owner) is { } given ? await session.Records.People.GetAsync(actor, given, stop) : null;
            var changed = await session.Records.People.ChangeAsync(
                actor,
                team.Name,
                old => old with
                {
                    Name = parsed.GetValue(rename) ?? old.Name,
                    Owner = newOwner?.Id ?? old.Owner,
                    DisplayName = parsed.GetValue(display) ?? old.DisplayName,
                    Description = parsed.GetValue(description) ?? old.Description,
                    IsPrivate = parsed.GetValue(isPrivate) is { } word ? word == BuilderOptions.Yes : old.IsPrivate,
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => PeopleCommand.Write(writer, changed));
            return FarmExitCode.Done;
        }).WhoMay($"{PersonRights.Edit.Who}; these last alone rename it, give it away or make it private");
    }
}
