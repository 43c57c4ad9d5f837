using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.People;
using Buildd.Farm.Rights;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm people addresses</c>: where a person gets mail.</summary>
internal static class AddressesCommand
{
    internal static Command Create(StoredNames stored) => new("addresses", "The addresses of mail of a person.")
    {
        List(stored),
        Change(stored, "add", "Add an address of mail.", (records, actor, name, address, stop) =>
            records.AddAsync(actor, name, address, stop)),
        Change(stored, "prefer", "Have mail go to this address, and not to another.", (records, actor, name, address, stop) =>
            records.PreferAsync(actor, name, address, stop)),
        Change(stored, "remove", "Remove an address, which is not the preferred one.", (records, actor, name, address, stop) =>
            records.RemoveAsync(actor, name, address, stop)),
    };

    private static Command List(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The person's name.", isTeam: false);
        var json = Listing.JsonOption();
        return new Command("list", "List a person's addresses.") { name, json }.WithSession(async (session, parsed, stop) =>
        {
            var addresses = await session.Records.Addresses.ListAsync(await session.ActorAsync(stop), parsed.GetValue(name)!, stop);
            if (parsed.GetValue(json))
            {
                WriteJson(session, addresses);
            }
            else
            {
                Listing.WriteTable(session.Output, ["PREFERRED", "ADDRESS"], addresses.Select(
                    address => (IReadOnlyList<string>)[address.IsPreferred ? "yes" : "no", address.Address]));
            }

            return FarmExitCode.Done;
        }).WhoMay(PersonRights.ViewPrivate.Who);
    }

    private static Command Change(
        StoredNames stored,
        string verb,
        string description,
        Func<AddressRecords, Actor, string, string, CancellationToken, Task> change)
    {
        var name = stored.Argument("NAME", "The person's name.", isTeam: false);
        var address = new Argument<string>("ADDRESS") { Description = "The address, such as ada@example.org." };
        var json = Listing.JsonOption();
        return new Command(verb, description) { name, address, json }.WithSession(async (session, parsed, stop) =>
        {
            var (actor, records) = (await session.ActorAsync(stop), session.Records.Addresses);
            await change(records, actor, parsed.GetValue(name)!, parsed.GetValue(address)!, stop);
            if (parsed.GetValue(json))
                WriteJson(session, await records.ListAsync(actor, parsed.GetValue(name)!, stop));
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.EditPrivate.Who);
    }

    private static void WriteJson(FarmSession session, IReadOnlyList<MailAddress> addresses) =>
        Listing.WriteJson(session.Output, addresses, (writer, address) =>
        {
            writer.WriteStartObject();
            RecordJson.WriteMembers(writer, MailAddressColumns.All, address);
            writer.WriteEndObject();
        });
}
