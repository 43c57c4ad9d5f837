using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm people</c>: who has an account.</summary>
internal static class PeopleCommand
{
    /// <summary>How many are read from the store at a time.</summary>
    internal const int PageSize = 1000;

    internal static Command Create(StoredNames stored) => new("people", "The people who have an account on the farm.")
    {
        List(), Show(stored), Add(), PeopleSetCommand.Create(stored), AddressesCommand.Create(stored),
    };

    /// <summary>Reads all people, or all teams, that an actor sees.</summary>
    internal static async Task<List<Person>> ReadAllAsync(FarmSession session, bool isTeam, CancellationToken cancellationToken)
    {
        var actor = await session.ActorAsync(cancellationToken);
        var all = new List<Person>();
        while (true)
        {
            var page = await session.Records.People.ListAsync(
                actor, isTeam, all.Count == 0 ? null : all[^1].Name, PageSize, cancellationToken);
            all.AddRange(page);
            if (page.Count < PageSize)
                return all;
        }
    }

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List the people.") { json }.WithSession(async (session, parsed, stop) =>
        {
            var people = await ReadAllAsync(session, isTeam: false, stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, people, Write);
            }
            else
            {
                Listing.WriteTable(session.Output, ["NAME", "STATE", "SINCE", "DISPLAY NAME"], people.Select(
                    person => (IReadOnlyList<string>)
                    [person.Name, person.State.ToString().ToLowerInvariant(), Listing.Text(person.Created), person.DisplayName]));
            }

            return FarmExitCode.Done;
        }).WhoMay(PersonRights.View.Who);
    }

    private static Command Show(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The person's name.", isTeam: false);
        var json = Listing.JsonOption();
        return new Command("show", "Show a person, their teams and, to themselves and administrators, their addresses.") { name, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var person = await session.Records.People.GetAsync(actor, parsed.GetValue(name)!, stop);
            if (person.IsTeam)
                throw FarmException.Invalid($"{person.Name} is a team: 'teams show {person.Name}' shows it");
            var now = session.Time.GetUtcNow();
            var teams = (await session.Records.Teams.ListOfAsync(actor, person.Name, stop))
                .Where(team => team.Membership.IsActiveAt(now)).ToList();
            var seesPrivate = PersonRights.ViewPrivate.Allows(actor, person);
            var addresses = seesPrivate ? await session.Records.Addresses.ListAsync(actor, person.Name, stop) : [];
            bool? hasPassword = seesPrivate ? await session.Records.Passwords.HasAsync(actor, person.Name, stop) : null;
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer =>
                {
                    writer.WriteStartObject();
                    RecordJson.WriteMembers(writer, PersonColumns.All, person);
                    WriteNames(writer, "teams", teams.Select(team => team.Team.Name));
                    if (hasPassword is { } has)
                    {
                        WriteNames(writer, "addresses", addresses.Select(address => address.Address));
                        writer.WriteBoolean("has_password", has);
                    }

                    writer.WriteEndObject();
                });
                return FarmExitCode.Done;
            }

            void Line(string title, string? text)
            {
                if (!string.IsNullOrEmpty(text))
                    session.Output.WriteLine($"{title + ":",-14} {Printable.Text(text)}");
            }

            Line("Name", person.Name);
            Line("Display name", person.DisplayName);
            Line("State", person.State.ToString().ToLowerInvariant());
            Line("Since", Listing.Text(person.Created));
            Line("Description", person.Description);
            foreach (var address in addresses)
                Line("Address", address.Address + (address.IsPreferred ? " (preferred)" : ""));
            Line("Password", hasPassword is { } set ? set ? "yes" : "none" : null);
            foreach (var (team, membership) in teams)
                Line("Team", TeamsCommand.Describe(team.Name, membership));
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.View.Who);
    }

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = $"The person's name, such as ada: {Names.Rule}." };
        var email = new Option<string>("--email") { Description = "Their address of mail.", HelpName = "ADDRESS", Required = true };
        var display = new Option<string?>("--display-name") { Description = "The name for people (default: NAME).", HelpName = "TEXT" };
        var description = new Option<string?>("--description") { Description = "Text about them.", HelpName = "TEXT" };
        var admin = new Option<bool>("--admin")
        {
            Description = $"Make them a member of {Role.Administrator.ToName()}, who may do everything.",
        };
        var (password, json) = (new PasswordOptions(), Listing.JsonOption());
        var command = new Command("add", "Add a person. Without a password they can't log in, until one is set.")
        {
            name, email, display, description, admin, json,
        };
        password.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var added = await session.Records.Accounts.AddAsync(
                actor,
                new Person
                {
                    Name = parsed.GetValue(name)!,
                    DisplayName = parsed.GetValue(display) ?? parsed.GetValue(name)!,
                    Description = parsed.GetValue(description) ?? "",
                    Created = session.Time.GetUtcNow(),
                },
                parsed.GetValue(email)!,
                new AccountParts
                {
                    Password = await password.ReadAsync(session, parsed, stop),
                    IsAdministrator = parsed.GetValue(admin) ? true : null,
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Write(writer, added));
            return FarmExitCode.Done;
        }, makesStore: true).WhoMay($"members of {Role.Administrator.ToName()}");
    }

    internal static void Write(Utf8JsonWriter json, Person person)
    {
        json.WriteStartObject();
        RecordJson.WriteMembers(json, PersonColumns.All, person);
        json.WriteEndObject();
    }

    internal static void WriteNames(Utf8JsonWriter json, string member, IEnumerable<string> names)
    {
        json.WriteStartArray(member);
        foreach (var name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
    }
}
