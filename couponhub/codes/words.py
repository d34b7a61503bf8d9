"""The words that name columns in code files, and that rows hold which are no codes; in the languages we know."""

import unicodedata
from collections.abc import Iterable

from couponhub.models import Identifier
from couponhub.models.damage import NOTHING_WORDS


def plain(cell: str) -> str:
    """A cell as words are compared: no case, accents, blanks or punctuation, nothing invisible; "" for a cell without letters and digits."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", cell.casefold())))


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.rstrip(",").split(","))


def _plain(words: str) -> frozenset[str]:
    return frozenset(map(plain, _names(words)))


CODE_NAMES = _names(
    "code,codes,coupon,coupons,coupon code,coupon codes,coupons code,coupon number,coupon no,promo code,promo codes,"
    "promotion code,promotion codes,promotional code,promotional codes,voucher,vouchers,voucher code,voucher codes,"
    "voucher number,voucher no,discount code,discount codes,discount coupon,offer code,offer codes,gift code,"
    "gift codes,redemption code,redemption codes,unique code,unique codes,single use code,single use codes,"
    # German
    "Gutschein,Gutscheine,Gutscheincode,Gutscheincodes,Gutschein Nr,Gutscheinnummer,Rabattcode,Rabattcodes,"
    "Aktionscode,Aktionscodes,Couponnummer,"
    # French
    "code promo,codes promo,code promotionnel,codes promotionnels,code réduction,code de réduction,"
    "codes de réduction,code de coupon,code avantage,bon de réduction,"
    # Spanish, Portuguese
    "código,códigos,código promocional,códigos promocionales,código promo,código de descuento,"
    "códigos de descuento,código descuento,cupón,cupones,código de cupón,código cupón,código del cupón,"
    "códigos promocionais,código de desconto,cupom,cupons,cupom de desconto,código do cupom,código de cupom,"
    # Italian
    "codice,codici,codice sconto,codici sconto,codice promo,codice promozionale,codice coupon,codice buono,"
    # Dutch, Swedish, Danish, Norwegian, Finnish
    "kortingscode,kortingscodes,actiecode,couponcodes,waardeboncode,rabattkod,rabattkoder,kampanjkod,rabatkode,"
    "rabattkode,kupongkode,alennuskoodi,"
    # Polish, Czech, Hungarian, Romanian, Russian, Turkish
    "kod,kody,kod rabatowy,kody rabatowe,kod promocyjny,kupon,kód,kódy,slevový kód,kuponkód,kod promocional,"
    "cod promoțional,cod de reducere,промокод,промокоды,купон,купоны,код купона,kupon kodu,indirim kodu,"
    "promosyon kodu,"
    # Indonesian, Vietnamese, Hindi, Arabic, Thai, Chinese, Japanese, Korean
    "kode,kode kupon,kode promo,kode voucher,mã giảm giá,mã khuyến mãi,कूपन कोड,कूपन,رمز القسيمة,كود الخصم,"
    "รหัสคูปอง,优惠码,优惠券码,优惠券代码,券码,兑换码,折扣码,優惠碼,クーポンコード,クーポン,쿠폰,쿠폰코드"
)
"""Names of a column of codes, as people write them."""

CODE_WORDS = frozenset(map(plain, CODE_NAMES))
"""Those names, as words are compared."""

CUSTOMER_NAMES = {
    Identifier.MOBILE: _names(
        "mobile,mobiles,mobile number,mobile no,mobile phone,customer mobile,phone,phones,phone number,phone no,"
        "customer phone,msisdn,cell,cell phone,cell number,telephone,telephone number,tel,contact number,"
        "contact no,whatsapp,whatsapp number,Handy,Handynummer,Mobilnummer,Telefon,Telefonnummer,téléphone,"
        "numéro de téléphone,portable,teléfono,celular,móvil,telefone,cellulare,telefono,telefoon,"
        "telefoonnummer,telefonnr,мобильный,телефон,मोबाइल,手机,手机号,電話番号,携帯電話"
    ),
    Identifier.EMAIL: _names(
        "email,emails,email address,email addresses,email id,customer email,mail,mail address,E-Mail-Adresse,"
        "Mailadresse,adresse email,adresse e-mail,adresse mail,courriel,correo,correo electrónico,"
        "endereço de email,indirizzo email,e-mailadres,почта,ईमेल,邮箱,电子邮件,メール,メールアドレス"
    ),
    Identifier.EXTERNAL_ID: _names(
        "external id,external ids,external customer id,customer external id,ext id,customer id,cust id,user id,"
        "client id,member id,membership id,loyalty id,crm id,uid,unique id,customer number,customer no,"
        "member number,Kundennummer,Kunden-Nr,Kunden-ID,Kundnr,numéro client,id client,id cliente"
    ),
    Identifier.ID: _names("id,customer id,cust id,user id,capillary id,moengage id,member id"),
}
"""Names of a column of customers, by the identifier in it, as people write them."""

CUSTOMER_WORDS = {kind: frozenset(map(plain, names)) for kind, names in CUSTOMER_NAMES.items()}
"""Those names, as words are compared."""

ANY_CUSTOMER_NAMES = _names(
    "customer,customers,customer identifier,identifier,user,users,member,members,recipient,recipients,buyer,"
    "contact,Kunde,Kunden,client,clients,cliente,clientes,klant"
)
"""Names of a column of customers that do not say which identifier is in it, as people write them."""

ANY_CUSTOMER_WORDS = frozenset(map(plain, ANY_CUSTOMER_NAMES))
"""Those names, as words are compared."""

_OTHER_WORDS = _plain(
    "name,first name,last name,full name,customer name,title,city,country,state,zip,address,gender,birthday,"
    "store,segment,note,notes,comment,description,campaign,status,type,discount type,amount,coupon amount,value,"
    "percent,percentage,discount,currency,price,quantity,qty,count,uses,usage,usage limit,limit,total,date,"
    "created,created at,expires,expiry,expiry date,valid from,valid to,valid until,start date,end date,post status,"
    "Vorname,Nachname,Name,nom,prénom,nombre,apellido,Betrag,montant,importe,Datum,date de fin"
)

_TOTALS = _plain(
    "total,totals,grand total,sub total,sum,count,row labels,(blank),Summe,Gesamt,Gesamtsumme,Gesamtergebnis,"
    "Zwischensumme,somme,total général,suma,total general,totale,totaal,soma,totalt,итого,合计,总计,合計,総計,कुल"
)
_TRUTHS = frozenset({"true", "false"})


def names_customers(word: str) -> bool:
    """Tell whether a plain word can only name customers; a bare `id` may number the rows."""
    kinds = CUSTOMER_WORDS.values()
    return word in ANY_CUSTOMER_WORDS or (word != "id" and any(word in words for words in kinds))


def names_no_codes(word: str) -> bool:
    """Tell whether a plain word names a column of something else than codes."""
    return word in _OTHER_WORDS or word == "id" or names_customers(word)


class Strays:
    """Finds words among codes: a header that stands again, a total, a truth value, a word for nothing.

    Args:
        header: The header of the column of codes; "" where there is none.
        beside: The headers of the other columns: among codes they are of a file that was put behind this one, with its
            columns in another order.
    """

    def __init__(self, header: str = "", beside: Iterable[str] = ()) -> None:
        self._header = plain(header)
        self._beside = {plain(name) for name in beside} - {""}
        # "" for a code of nothing but dashes.
        self._words = CODE_WORDS | _TOTALS | _TRUTHS | NOTHING_WORDS | {self._header, ""} | self._beside

    @property
    def plain_words(self) -> frozenset[str]:
        """All of them of letters and digits of ASCII alone, in lower case; "" is what nothing but dashes leave."""
        return frozenset(word for word in self._words if word.isascii() and (word.isalnum() or not word))

    @property
    def has_digits(self) -> bool:
        """Tell whether a header has digits; no other word does."""
        return any(map(str.isdigit, "".join((self._header, *self._beside))))

    def may_be_among(self, codes: Iterable[str]) -> bool:
        """Tell quickly whether there is one among codes of letters, digits, dashes and underscores."""
        words = "\n".join(codes).casefold().replace("-", "").replace("_", "").split("\n")
        return not self._words.isdisjoint(words)

    def is_header(self, word: str) -> bool:
        """Tell whether a plain word repeats the header of its column."""
        return bool(word) and word == self._header

    def stray(self, word: str) -> str | None:
        """Name what a plain word is, to follow "it is"; None for a code. Words for nothing are `damage_of`'s."""
        if word in _TOTALS:
            return "a total or another word that spreadsheets add"
        if word in _TRUTHS:
            return "a truth value"
        if word in self._beside:
            return "the name of another column, as where the columns change their order"
        return "the name of a column" if word in CODE_WORDS else None
