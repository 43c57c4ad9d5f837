using Buildd.Farm.Archives;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;

namespace Buildd.Farm;

/// <summary>What a new farm begins with.</summary>
internal sealed record FarmPlan
{
    /// <summary>The name of the first administrator.</summary>
    internal required string Admin { get; init; }

    /// <summary>Their address of mail.</summary>
    internal required string Email { get; init; }

    /// <summary>Their password; null (the default) for none yet.</summary>
    internal string? Password { get; init; }

    /// <summary>The distribution's name.</summary>
    internal required string Distribution { get; init; }

    /// <summary>The series' name.</summary>
    internal required string Series { get; init; }

    /// <summary>The tag of the architecture.</summary>
    internal required string Architecture { get; init; }

    /// <summary>Where apt finds the primary archive; null (the default) for nowhere yet.</summary>
    internal string? Mirror { get; init; }
}

/// <summary>
/// Makes what a new farm begins with: an administrator, a distribution with a series and an architecture, and a primary archive. What is
/// there already stays as it is, so that whoever was interrupted begins again.
/// </summary>
/// <param name="records">The farm's records.</param>
/// <param name="time">The clock.</param>
internal sealed class FarmSetup(FarmRecords records, TimeProvider time)
{
    /// <summary>Makes it.</summary>
    /// <param name="actor">Who asks: the machine's administrator.</param>
    /// <param name="plan">What to make.</param>
    /// <param name="tell">Told of each thing that was made, or was there.</param>
    /// <param name="cancellationToken">Ends it between two things.</param>
    /// <exception cref="FarmException">Somebody else is the administrator already, or a value can't be.</exception>
    internal async Task RunAsync(Actor actor, FarmPlan plan, Action<string> tell, CancellationToken cancellationToken)
    {
        Names.Check(plan.Admin, "person");
        MailAddresses.Check(plan.Email);
        Names.Check(plan.Distribution, "distribution");
        Names.Check(plan.Series, "series");
        Names.Check(plan.Architecture, "architecture");
        await RequireNewAsync(actor, plan, cancellationToken);
        var admins = await records.People.GetAsync(actor, Role.Administrator.ToName(), cancellationToken);
        var now = time.GetUtcNow();
        await MakeAsync(
            $"the administrator {plan.Admin}",
            await records.People.FindAsync(actor, plan.Admin, cancellationToken) is not null,
            () => records.Accounts.AddAsync(
                actor,
                new Person { Name = plan.Admin, DisplayName = plan.Admin, Created = now },
                plan.Email,
                new AccountParts { Password = plan.Password, IsAdministrator = true },
                cancellationToken));
        await MakeAsync(
            $"the distribution {plan.Distribution}",
            await records.Distributions.FindAsync(plan.Distribution, cancellationToken) is not null,
            () => records.Distributions.AddAsync(
                actor, new Distribution { Name = plan.Distribution, Title = plan.Distribution, Created = now }, cancellationToken));
        await MakeAsync(
            $"the series {plan.Series}",
            await records.Series.FindAsync(plan.Distribution, plan.Series, cancellationToken) is not null,
            () => records.Series.AddAsync(
                actor,
                plan.Distribution,
                new Series { Name = plan.Series, Title = plan.Series, Status = SeriesStatus.Current, Created = now },
                cancellationToken));
        await MakeAsync(
            $"the architecture {plan.Architecture} of {plan.Series}",
            (await records.Architectures.ListAsync(plan.Distribution, plan.Series, cancellationToken))
                .Any(one => one.Tag == plan.Architecture),
            () => records.Architectures.AddAsync(
                actor,
                plan.Distribution,
                plan.Series,
                new SeriesArchitecture { Tag = plan.Architecture, Processor = plan.Architecture, Created = now },
                cancellationToken));
        await MakeAsync(
            $"the primary archive of {plan.Distribution}",
            await records.Archives.FindAsync(actor, plan.Distribution, cancellationToken) is not null,
            async () => await records.Archives.AddAsync(
                actor,
                new Archive
                {
                    Owner = admins.Id,
                    Distribution = (await records.Distributions.GetAsync(plan.Distribution, cancellationToken)).Id,
                    Name = Archive.PrimaryName,
                    Purpose = ArchivePurpose.Primary,
                    DisplayName = $"Primary archive of {plan.Distribution}",
                    RequireVirtualized = false, // a new farm's builders are this machine, or others as they are
                    Url = plan.Mirror,
                    Created = now,
                },
                cancellationToken));

        async Task MakeAsync(string what, bool isThere, Func<Task> make)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!isThere)
                await make();
            tell(isThere ? $"{what}: there already" : $"{what}: made");
        }
    }

    private async Task RequireNewAsync(Actor actor, FarmPlan plan, CancellationToken cancellationToken)
    {
        if (!actor.IsLocal)
            throw FarmException.NotAllowed("a farm is set up by whoever has the machine, and not by a person of it");
        var members = await records.Teams.ListAsync(actor, Role.Administrator.ToName(), cancellationToken);
        var others = members.Where(one => one.Membership.IsActiveAt(time.GetUtcNow())).Select(one => one.Member.Name).ToList();
        if (others.Count > 0 && !others.Contains(plan.Admin))
        {
            throw FarmException.Conflict(
                $"this farm is set up: {string.Join(", ", others)} administers it. 'people add --admin', 'distributions add', 'series add' "
                    + "and 'archives add' make more");
        }
    }
}
